"""A controller that is reset, cut off or given another program: data is back soon, and never wrong in between."""

from typing import Any

import pytest

from jidoka.runtime.testing import until
from jidoka.schemas import TagBatch, Verdict
from jidoka.simulator.logix import BOOL, DINT, REAL, Controller

TAGS = [f"Tank{number}" for number in range(8)]
BACK_WITHIN_S = 10.0


def fill(plc: Controller, turn: int) -> None:
    """Values that tell which tag they belong to: 100 * number + turn."""
    with plc.memory.atomic():
        for number, tag in enumerate(TAGS):
            plc.memory.set(tag, 100 * number + turn)


def reset(plc: Controller) -> None:
    plc.faults.reboot()


def cable(plc: Controller) -> None:
    plc.faults.cut()
    plc.faults.start_listening()


def renumbering_download(plc: Controller) -> None:
    plc.faults.reboot(renumber=True)


def renumbering_under_open_connections(plc: Controller) -> None:
    plc.faults.renumber()


def renaming_download(plc: Controller) -> None:
    """Every tag has its neighbour's old number and place, and there are new ones between them."""
    plc.faults.cut()
    for tag in TAGS:
        plc.faults.rename(tag, f"Old{tag}")
    for tag in reversed(TAGS):
        plc.define(f"Before{tag}", BOOL)
        plc.define(tag, DINT)
    fill(plc, 50)
    plc.faults.renumber()
    plc.faults.start_listening()


def retyping_download(plc: Controller) -> None:
    plc.faults.cut()
    for tag in TAGS[::2]:
        plc.faults.change_type(tag, REAL)
    fill(plc, 50)
    plc.faults.start_listening()


@pytest.mark.parametrize(
    "fault",
    [reset, cable, renumbering_download, renumbering_under_open_connections, renaming_download, retyping_download],
)
def test_data_is_back_and_was_never_wrong(rig: Any, fault: Any) -> None:
    for tag in TAGS:
        rig.plc.define(tag, DINT)
    fill(rig.plc, 1)
    with rig.start(group=[{"name": "g", "period_ms": 20, "tags": TAGS}]):
        rig.until(lambda: rig.all(TagBatch), "the values")
        rig.arrive(1)
        rig.part(1)
        fault(rig.plc)
        fill(rig.plc, 77)
        until(lambda: _all_at(rig, 77), BACK_WITHIN_S, "all values again")
        rig.verdict(1, Verdict.PASS)
        assert rig.decision(1).confirmed
        assert rig.leave(1) == "accept"
    seen = {(name, value) for batch in rig.all(TagBatch) for name, value in batch.values.items()}
    zeroed = {0} if fault in (renaming_download, retyping_download) else set()
    allowed = {(tag, 100 * number + turn) for number, tag in enumerate(TAGS) for turn in (1, 50, 77)}
    assert seen <= allowed | {(tag, value) for tag in TAGS for value in zeroed}


def test_a_tag_that_a_download_took_away_is_bad_and_the_others_go_on(rig: Any) -> None:
    for tag in TAGS:
        rig.plc.define(tag, DINT)
    fill(rig.plc, 1)
    with rig.start(group=[{"name": "g", "period_ms": 20, "tags": TAGS}]):
        rig.until(lambda: rig.all(TagBatch), "the values")
        rig.plc.faults.cut()
        rig.plc.faults.delete("Tank3")
        rig.plc.faults.start_listening()
        rig.until(lambda: any("Tank3" in batch.bad and batch.values for batch in rig.all(TagBatch)), "the bad tag")
        last = rig.all(TagBatch)[-1]
    assert last.values == {tag: 100 * number + 1 for number, tag in enumerate(TAGS) if tag != "Tank3"}
    reasons = [batch.bad["Tank3"] for batch in rig.all(TagBatch) if "Tank3" in batch.bad and batch.values]
    assert reasons[0].startswith("Tank3: the controller has no Tank3; close to it: Tank")


def _all_at(rig: Any, turn: int) -> bool:
    return bool(rig.all(TagBatch)[-1].values == {tag: 100 * number + turn for number, tag in enumerate(TAGS)})
