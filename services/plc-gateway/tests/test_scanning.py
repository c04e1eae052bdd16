"""Scan groups against the simulated controller: values, bad tags, healing, dead bands, alarm rules."""

import math
import socket
from typing import Any

import pytest

from jidoka.plc_gateway.line import AlarmRule
from jidoka.plc_gateway.quality import FAULTED, PROGRAM_MODE, SLOW
from jidoka.plc_gateway.watch import Watch
from jidoka.schemas import AlarmCondition, DeviceStatus, TagBatch, Verdict
from jidoka.simulator.logix import DINT, REAL
from jidoka.simulator.logix.attributes import Mode


def group(*tags: Any, **more: Any) -> dict[str, Any]:
    return {"name": "g", "period_ms": 20, "tags": list(tags)} | more


def newest(rig: Any) -> dict[str, Any]:
    batches = rig.all(TagBatch)
    return dict(batches[-1].values) if batches else {}


def bad_now(rig: Any) -> dict[str, str]:
    """The bad tags as a consumer knows them: the newest word on each tag counts."""
    known: dict[str, str] = {}
    for batch in rig.all(TagBatch):
        known.update(batch.bad)
        for name in batch.values:
            known.pop(name, None)
    return known


def test_a_scan_has_every_scalar_of_its_group(rig: Any) -> None:
    rig.plc.memory.set("Line.Speed", 1.5)
    rig.plc.memory.set("Process.Recipe", "R7")
    tags = ["Line", "Process.Zone", "Process.Recipe", "Program:MainProgram.Step", "AOI1.Parts[2].Serial"]
    with rig.start(group=[group(*tags)]):
        rig.until(lambda: rig.all(TagBatch), "a scan")
    batch = rig.all(TagBatch)[0]
    assert (batch.plc, batch.group, batch.bad) == ("plc1", "g", {})
    assert batch.values["Line.Speed"] == 1.5
    assert batch.values["Process.Recipe"] == "R7"
    assert {f"Process.Zone[{index}]" for index in range(4)} <= batch.values.keys()
    assert {"Line.Running", "Program:MainProgram.Step", "AOI1.Parts[2].Serial"} <= batch.values.keys()


def test_scan_numbers_grow(rig: Any) -> None:
    with rig.start(group=[group("Line.State")]):
        rig.until(lambda: len(rig.all(TagBatch)) >= 5, "five scans")
    numbers = [batch.scan_no for batch in rig.all(TagBatch)]
    assert numbers == sorted(set(numbers))


def test_not_a_number_is_bad_and_the_others_stay_good(rig: Any) -> None:
    rig.plc.memory.set("Line.Speed", math.nan)
    with rig.start(group=[group("Line.Speed", "Line.State")]):
        rig.until(lambda: "Line.Speed" in bad_now(rig), "the bad tag")
        assert newest(rig) == {"Line.State": 0}
        rig.plc.memory.set("Line.Speed", 2.0)
        rig.until(lambda: newest(rig).get("Line.Speed") == 2.0, "the good value")
    assert "Line.Speed" not in bad_now(rig)


def test_a_download_that_takes_a_tag_away_and_brings_it_back(rig: Any) -> None:
    rig.plc.define("Loose", DINT, initial=5)
    with rig.start(group=[group("Loose", "Line.State")]):
        rig.until(lambda: newest(rig).get("Loose") == 5, "the value")
        rig.plc.faults.rename("Loose", "Other")
        rig.until(lambda: "Loose" in bad_now(rig), "the bad tag")
        assert newest(rig) == {"Line.State": 0}
        rig.plc.memory.set("Other", 6)
        rig.plc.faults.rename("Other", "Loose")
        rig.plc.faults.renumber()
        rig.until(lambda: newest(rig).get("Loose") == 6, "the value again")


def test_a_download_that_changes_a_type_is_never_read_wrong(rig: Any) -> None:
    rig.plc.define("Loose", DINT, initial=5)
    with rig.start(group=[group("Loose")]):
        rig.until(lambda: newest(rig).get("Loose") == 5, "the value")
        with rig.plc.memory.atomic():
            rig.plc.faults.change_type("Loose", REAL)
            rig.plc.memory.set("Loose", 1.0)
        rig.until(lambda: newest(rig).get("Loose") == 1.0, "the new value")
    assert {batch.values["Loose"] for batch in rig.all(TagBatch) if "Loose" in batch.values} == {5, 1.0}


def test_a_dead_controller_makes_its_tags_bad_and_repeats_no_value(rig: Any) -> None:
    with rig.start(group=[group("Line.State", "Process.Zone")]):
        rig.until(lambda: newest(rig).get("Line.State") == 0, "the value")
        rig.plc.faults.stop_listening()
        rig.plc.faults.reboot(renumber=True)
        everything = {"Line.State", *(f"Process.Zone[{index}]" for index in range(4))}
        rig.until(lambda: bad_now(rig).keys() == everything, "the bad tags")
        silent = len(rig.all(TagBatch))
        rig.until(lambda: not rig.all(DeviceStatus)[-1].online, "the device to be offline")
        assert rig.all(TagBatch)[silent:] == []
        rig.plc.memory.set("Line.State", 9)
        rig.plc.faults.start_listening()
        rig.until(lambda: newest(rig).get("Line.State") == 9, "the value again")
        assert bad_now(rig) == {}


def doubts(rig: Any) -> dict[str, str]:
    batches = rig.all(TagBatch)
    return dict(batches[-1].uncertain) if batches else {}


def test_a_value_outside_its_range_travels_as_uncertain(rig: Any) -> None:
    tags = [
        {"name": "Process.Temperature", "range": [0, 100]},
        {"name": "Process.Zone", "range": [-5, 5]},
        "Line.State",
    ]
    rig.plc.memory.set("Process.Temperature", 999.5)
    rig.plc.memory.set("Process.Zone", [1.0, 6.0, -5.0, 5.0])
    with rig.start(group=[group(*tags, period_ms=300)]):
        rig.until(lambda: doubts(rig), "the doubt")
        assert doubts(rig) == {
            "Process.Temperature": "outside its range 0 to 100",
            "Process.Zone[1]": "outside its range -5 to 5",
        }
        assert newest(rig)["Process.Temperature"] == 999.5
        assert bad_now(rig) == {}
        rig.plc.memory.set("Process", {"Temperature": 50.0, "Zone": [0.0] * 4})
        rig.until(lambda: newest(rig).get("Process.Temperature") == 50.0, "the good value")
        assert doubts(rig) == {}


@pytest.mark.parametrize(("mode", "reason"), [(Mode.PROGRAM, PROGRAM_MODE), (Mode.FAULTED, FAULTED)])
def test_values_of_a_controller_whose_program_does_not_run_are_uncertain(rig: Any, mode: Mode, reason: str) -> None:
    """With report on change, too: what did not move is sent again when it becomes uncertain, and when it is certain."""
    with rig.start(group=[group("Line.State", "Line.Speed", period_ms=500, on_change=True, heartbeat_ms=60_000)]):
        rig.until(lambda: newest(rig), "the values")
        rig.plc.faults.mode(mode)
        rig.until(lambda: doubts(rig) == {"Line.State": reason, "Line.Speed": reason}, "the doubt")
        rig.plc.faults.mode(Mode.RUN)
        rig.until(lambda: not doubts(rig), "its end")
    assert [set(batch.values) for batch in rig.all(TagBatch)] == [{"Line.State", "Line.Speed"}] * 3


def test_values_of_a_scan_that_took_longer_than_its_period_are_uncertain(rig: Any) -> None:
    with rig.start(group=[group("Line.State", "Line.Speed", period_ms=200)]):
        rig.until(lambda: newest(rig) and not doubts(rig), "a scan in time")
        rig.plc.faults.delay(0.25, service=0x0A)
        rig.until(lambda: doubts(rig) == {"Line.State": SLOW, "Line.Speed": SLOW}, "the doubt")
        rig.plc.faults.clear()
        rig.until(lambda: not doubts(rig), "a scan in time")
    assert doubts(rig) == {}


def test_dead_band_and_report_on_change(rig: Any) -> None:
    tags = [{"name": "Line.Speed", "deadband": 0.5}, "Line.State"]
    with rig.start(group=[group(*tags, period_ms=300, on_change=True, heartbeat_ms=60_000)]):
        rig.until(lambda: newest(rig) == {"Line.Speed": 0.0, "Line.State": 0}, "the first scan")
        rig.plc.memory.set("Line.Speed", 0.4)
        rig.plc.memory.set("Line.State", 1)
        rig.until(lambda: newest(rig) == {"Line.State": 1}, "the change")
        rig.plc.memory.set("Line.Speed", 0.6)
        rig.until(lambda: "Line.Speed" in newest(rig), "the next change")
    assert len(rig.all(TagBatch)) == 3


def test_unchanged_values_have_a_heartbeat(rig: Any) -> None:
    with rig.start(group=[group("Line.State", on_change=True, heartbeat_ms=100)]):
        rig.until(lambda: len(rig.all(TagBatch)) >= 3, "two heartbeats")
    assert {tuple(batch.values.items()) for batch in rig.all(TagBatch)} == {(("Line.State", 0),)}


def test_a_dead_plc_slows_no_other(rig: Any) -> None:
    """The second controller accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        other = {"name": "plc2", "host": f"127.0.0.1:{deaf.getsockname()[1]}", "group": [group("Line.State")]}
        with rig.start(group=[group("Line.State")], others=(other,)) as gateway:
            rig.until(lambda: "plc2: scan: no whole reply" in (gateway.trouble() or ""), "the trouble of the other")
            scans = len(rig.all(TagBatch))
            rig.until(lambda: len(rig.all(TagBatch)) >= scans + 20, "scans")
            rig.arrive(1)
            rig.verdict(1, Verdict.PASS)
            assert rig.decision(1).confirmed
    assert {batch.plc for batch in rig.all(TagBatch)} == {"plc1"}


def test_an_alarm_rule_with_hysteresis_raises_once_and_clears_once(rig: Any) -> None:
    with rig.start() as gateway:
        rule = AlarmRule(
            code="hot",
            tag="Process.Temperature",
            op=">",
            value=50.0,
            hysteresis=2.0,
            off_delay_ms=1000,
            station="AOI1",
            message="{tag} is {value}, above {limit}",
        )
        watch = Watch("plc1", [rule], gateway._conditions)
        for tick in range(200):
            watch.feed(tick * 0.3, {"Process.Temperature": 51.0 if tick % 2 else 49.5}, {})
        watch.feed(60.3, {}, {"Process.Temperature": "no such tag"})
        watch.feed(60.6, {"Process.Temperature": 47.0}, {})
        watch.feed(61.7, {"Process.Temperature": 47.0}, {})
    alarms = [alarm for alarm in rig.all(AlarmCondition) if alarm.code == "hot"]
    assert [alarm.active for alarm in alarms] == [True, False]
    assert alarms[0].message == "Process.Temperature is 51.0, above 50.0"
    assert (alarms[0].subject, alarms[0].station) == ("AOI1", "AOI1")
    assert alarms[0].context == {"tag": "Process.Temperature", "value": 51.0, "limit": 50.0}
