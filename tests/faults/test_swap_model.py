"""A model is replaced and taken back while 20 frames a second come in: no frame is lost, each names its model."""

import time
from pathlib import Path

from bus_tap import tap
from inspecting import RATE, SCOPE, camera, detector, inspections, roll_back, service, until_made_by, until_ready
from line_stack import wait_for

from jidoka.runtime.testing import mosquitto

LONGEST_S = 5.0


def test_swap_and_roll_back_lose_no_frame(tmp_path: Path) -> None:
    model = tmp_path / "colours.onnx"
    first, second = detector(model, "first"), detector(tmp_path / "other.onnx", "second")
    with mosquitto() as broker, service(broker, tmp_path, model), tap(broker.port, f"{SCOPE}/inspections/#") as bus:
        until_ready(bus)
        with camera(bus) as sent:
            until_made_by(bus, first)
            replaced = time.monotonic()
            (tmp_path / "other.onnx").replace(model)
            swap = until_made_by(bus, second) - replaced
            rolled = time.monotonic()
            roll_back(tmp_path, model)
            back = until_made_by(bus, first) - rolled
        wait_for("an inspection of every frame", lambda: set(sent) <= {row["frame_id"] for row in inspections(bus)}, 30)
        made = [row for row in inspections(bus) if row["frame_id"] in set(sent)]
    waits = sorted(row["timings"]["queue"] for row in made)
    models = [row["model"]["sha256"] for row in made]
    print(f"{len(sent)} frames at {RATE:.0f} a second, {len(made)} inspections; swap {swap:.1f} s, back {back:.1f} s")
    print(f"wait of a frame before its inspection: median {waits[len(waits) // 2]:.1f} ms, longest {waits[-1]:.0f} ms")
    assert sorted(row["frame_id"] for row in made) == sorted(sent)
    assert {row["verdict"] for row in made} == {"fail"}
    assert [sha for sha, before in zip(models, [None, *models], strict=False) if sha != before] == [
        first,
        second,
        first,
    ]
    assert max(swap, back) <= LONGEST_S
