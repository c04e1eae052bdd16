"""A model that compares is shown the golden image of the frame's SKU, and no frame passes without one."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from jidoka.inference import reference
from jidoka.inference.alarms import RefusedModels
from jidoka.inference.errors import ModelRefused
from jidoka.inference.inspector import Inspector
from jidoka.inference.line import Inference
from jidoka.inference.loading import open_models
from jidoka.inference.model import Machine, Model
from jidoka.inference.reference import Golden, Goldens, read_goldens
from jidoka.inference.settings import InferenceSettings
from jidoka.inference.trial import try_out
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.journal import Journal
from jidoka.runtime.testing import FakeBroker, FakeBus
from jidoka.schemas import Frame, Verdict, new_id

CPU = Machine("cpu", 1)
NOW = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)
LINE = Path("line.toml")
SHA = "ab" * 32


def frame(image: np.ndarray, sku: str | None = "BOARD-A", station: str = "AOI1", camera: str = "top") -> Frame:
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
    return Frame(
        frame_id=new_id(), station=station, camera=camera, sku=sku, captured_at=NOW, width=image.shape[1],
        height=image.shape[0], sha256=hashlib.sha256(data).hexdigest(), image=data,
    )  # fmt: skip


def flat(value: int, shape: tuple[int, ...] = (160, 320, 3)) -> np.ndarray:
    return np.full(shape, value, np.uint8)


@pytest.fixture
def line(tmp_path):
    """An inspector of a line with these golden images: {name: (image, entry)}."""

    def build(path: Path, goldens: dict[str, tuple[np.ndarray, dict]]) -> Inspector:
        entries = []
        for name, (image, entry) in goldens.items():
            cv2.imwrite(str(tmp_path / name), image)
            entries.append({"image": tmp_path / name, **entry})
        rules = Inference(model=path, confidence=0.6, golden=entries)
        model = Model.load(path, CPU)
        return Inspector(lambda *_: model, rules, SHA, read_goldens(rules.golden, LINE))

    return build


def test_what_differs_from_the_golden_image_is_found_where_it_is(comparing, line, board):
    inspector = line(comparing(), {"a.png": (flat(90), {"sku": "BOARD-A"})})
    found = inspector.inspect(frame(board), NOW)
    assert (found.verdict, found.reason) == (Verdict.FAIL, "1 other")
    box = found.defects[0].box
    assert (box.x, box.y, box.width, box.height) == pytest.approx((80, 40, 40, 40), abs=0.01)
    clean = inspector.inspect(frame(flat(90)), NOW)
    assert clean.verdict is Verdict.PASS
    assert clean.quality_score == pytest.approx(1, abs=0.01)  # also the padding is that of the golden image


def test_each_sku_is_compared_with_its_own_in_any_order(comparing, line, monkeypatch):
    monkeypatch.setattr(reference, "PREPARED_BYTES", 1)  # only one is kept prepared
    inspector = line(comparing(), {"a.png": (flat(0), {"sku": "BOARD-A"}), "b.png": (flat(255), {"sku": "BOARD-B"})})
    for sku, value in [("BOARD-A", 0), ("BOARD-B", 255), ("BOARD-A", 0), ("BOARD-B", 255)]:
        assert inspector.inspect(frame(flat(value), sku), NOW).verdict is Verdict.PASS
        assert inspector.inspect(frame(flat(255 - value), sku), NOW).verdict is Verdict.FAIL


def test_the_first_frame_of_each_sku_finds_its_golden_image_ready(comparing, tmp_path, monkeypatch):
    entries = []
    for sku, value in [("BOARD-A", 0), ("BOARD-B", 255)]:
        cv2.imwrite(str(tmp_path / f"{sku}.png"), flat(value))
        entries.append({"sku": sku, "image": tmp_path / f"{sku}.png"})
    rules = Inference(model=comparing(), confidence=0.6, golden=entries)
    goldens = read_goldens(rules.golden, LINE)
    with Journal(None) as journal, FakeBus(FakeBroker(), journal=journal) as bus:
        models = open_models(rules, goldens, settings(tmp_path), RefusedModels(bus, journal, "inference-1"))
    model = models.current(rules.model)
    monkeypatch.setattr(Golden, "pixels", lambda _: pytest.fail("decoded while a part waits"))
    inspector = Inspector(lambda *_: model, rules, SHA, goldens)
    for sku, value in [("BOARD-A", 0), ("BOARD-B", 255)]:
        assert inspector.inspect(frame(flat(value), sku), NOW).verdict is Verdict.PASS


def test_the_golden_image_of_the_camera_goes_before_that_of_the_line(comparing, line):
    inspector = line(
        comparing(),
        {"a.png": (flat(0), {"sku": "BOARD-A"}), "b.png": (flat(255), {"sku": "BOARD-A", "station": "AOI2"})},
    )
    assert inspector.inspect(frame(flat(255), station="AOI2"), NOW).verdict is Verdict.PASS
    assert inspector.inspect(frame(flat(255), station="AOI1"), NOW).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ({"sku": "BOARD-B"}, "golden: none is configured for BOARD-B at AOI1 top"),
        ({"sku": None}, "golden: the frame of AOI1 top names no SKU"),
        ({"camera": "side"}, "golden: none is configured for BOARD-A at AOI1 side"),
    ],
)
@pytest.mark.parametrize("need", ["required", "optional"])
def test_a_frame_without_a_golden_image_is_invalid_and_never_a_pass(comparing, line, where, says, need):
    inspector = line(comparing(need), {"a.png": (flat(0), {"sku": "BOARD-A", "camera": "top"})})
    found = inspector.inspect(frame(flat(0), **where), NOW)
    assert (found.verdict, found.reason, found.quality_score) == (Verdict.INVALID, says, None)


def test_a_golden_image_of_another_shape_is_invalid(comparing, line):
    inspector = line(comparing(), {"a.png": (flat(0, (200, 200)), {"sku": "BOARD-A"})})
    found = inspector.inspect(frame(flat(0)), NOW)
    assert (found.verdict, found.reason) == (
        Verdict.INVALID,
        "golden: that of BOARD-A has 200 x 200 pixels, which is another shape than a frame of 320 x 160",
    )
    assert inspector.inspect(frame(flat(0, (100, 100, 3))), NOW).verdict is Verdict.PASS  # another scale lies alike


def test_without_any_golden_image_an_optional_reference_is_zero(comparing, line):
    inspector = line(comparing("optional", batch="N"), {})
    square = (64, 64, 3)
    assert inspector.inspect(frame(flat(0, square)), NOW).verdict is Verdict.PASS
    assert inspector.inspect(frame(flat(255, square)), NOW).verdict is Verdict.FAIL


def test_a_model_that_does_not_compare_needs_none(colours, line):
    inspector = line(colours, {"a.png": (flat(0), {"sku": "BOARD-A"})})
    assert inspector.inspect(frame(flat(90), "BOARD-B"), NOW).verdict is Verdict.PASS


def settings(tmp_path: Path) -> InferenceSettings:
    return InferenceSettings(data_dir=tmp_path / "data", inference_provider="cpu", inference_threads=1)


@pytest.mark.parametrize("need", ["required", None])
def test_a_model_that_needs_one_is_refused_where_the_line_has_none(comparing, tmp_path, need):
    with pytest.raises(ConfigError, match=r"comparing\.onnx needs a golden image of each SKU") as refused:
        open_models(Inference(model=comparing(need)), Goldens(), settings(tmp_path), None)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        ({"need": "sometimes"}, "`reference` is 'sometimes', not required or optional"),
        ({"side": "any"}, r"its input reference \[1, 3, \?, \?\] is not like its image input"),
    ],
)
def test_a_reference_input_that_cannot_be_used_is_refused(comparing, build, says):
    with pytest.raises(ModelRefused, match=says):
        Model.load(comparing(**build), CPU)


def test_what_cannot_be_read_names_file_key_and_value(tmp_path, monkeypatch):
    def mistake(name: str, *more: str) -> str:
        entries = Inference(model=LINE, golden=[{"sku": "A", "image": tmp_path / one} for one in (name, *more)]).golden
        with pytest.raises(ConfigError) as error:
            read_goldens(entries, LINE)
        return str(error.value)

    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").touch()
    cv2.imwrite(str(tmp_path / "good.png"), flat(0))
    bomb = bytearray((tmp_path / "good.png").read_bytes())
    bomb[16:24] = (30_000).to_bytes(4, "big") * 2
    (tmp_path / "bomb.png").write_bytes(bomb)
    where = f"line.toml: inference.golden[0].image = '{tmp_path}/"
    assert mistake("none.png") == f"{where}none.png': cannot be read: No such file or directory"
    for name in ("text.png", "empty.png", "bomb.png"):
        assert mistake(name).startswith(f"{where}{name}': ")
    assert mistake("good.png", "good.png") == (
        "line.toml: inference.golden[1].sku = 'A': named twice for the same place"
    )
    monkeypatch.setattr(reference, "LARGEST_FILE", 10)
    assert "larger than" in mistake("good.png")


def test_the_golden_image_is_part_of_the_configuration(colours, line):
    first = line(colours, {"a.png": (flat(0), {"sku": "BOARD-A"})}).inspect(frame(flat(0)), NOW)
    other = line(colours, {"a.png": (flat(1), {"sku": "BOARD-A"})}).inspect(frame(flat(0)), NOW)
    moved = line(colours, {"a.png": (flat(0), {"sku": "BOARD-A", "station": "AOI1"})}).inspect(frame(flat(0)), NOW)
    none = line(colours, {}).inspect(frame(flat(0)), NOW)
    assert len({found.config_sha256 for found in (first, other, none)}) == 3
    assert moved.config_sha256 == first.config_sha256  # where it counts stands in line.toml, which is hashed itself
    assert none.config_sha256 == SHA


def test_the_self_test_shows_the_golden_image_beside_the_model(comparing, board):
    path = comparing()
    cv2.imwrite(str(path.parent / "board.jpg"), board)
    cv2.imwrite(str(path.parent / "gold.png"), flat(90))
    sidecar = path.with_suffix(".toml")
    sidecar.write_text('[[reference]]\nimage = "board.jpg"\ngolden = "gold.png"\nclasses = ["other"]\n')
    # 0.75 is more than the square's green and blue differ by: it is found at its red
    with pytest.raises(ModelRefused, match=r"found nothing in its reference image board\.jpg, where 1 other is"):
        try_out(path, CPU, 4096, 60)
    cv2.imwrite(str(path.parent / "gold.png"), np.where(board == (0, 0, 255), (255, 255, 0), board))
    assert try_out(path, CPU, 4096, 60) is None
    sidecar.write_text('[[reference]]\nimage = "board.jpg"\nclasses = ["other"]\n')
    with pytest.raises(ModelRefused, match="needs the golden image that it is compared with"):
        try_out(path, CPU, 4096, 60)
