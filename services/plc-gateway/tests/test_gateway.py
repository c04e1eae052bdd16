"""The whole gateway: parts from the controller's ring, rulings into it, one Decision each."""

import socket
from functools import partial
from typing import Any

import pytest
from prometheus_client import REGISTRY

from jidoka.runtime.errors import ConfigError
from jidoka.schemas import (
    AlarmCondition,
    Decision,
    DeviceStatus,
    PartArrived,
    PartsMissed,
    Reason,
    Ruling,
    TagBatch,
    Verdict,
)
from jidoka.simulator.belt import Belt
from jidoka.simulator.parts import Recipe
from jidoka.simulator.plant import STATION
from jidoka.simulator.station import RULING, Station

LAST = 2**31 - 1


def active(rig: Any, code: str) -> list[bool]:
    return [alarm.active for alarm in rig.all(AlarmCondition) if alarm.code == code]


@pytest.mark.parametrize(
    ("verdict", "ruling", "code"),
    [(Verdict.PASS, Ruling.ACCEPT, 1), (Verdict.FAIL, Ruling.REJECT, 2), (Verdict.INVALID, Ruling.HOLD, 3)],
)
def test_a_verdict_reaches_the_controller_and_is_read_back(
    rig: Any, verdict: Verdict, ruling: Ruling, code: int
) -> None:
    with rig.start():
        rig.arrive(1)
        rig.verdict(1, verdict)
        decision = rig.decision(1)
        assert (decision.ruling, decision.confirmed, decision.plc, decision.absent) == (ruling, True, "plc1", ())
        assert decision.config_sha256 == "a" * 64
        assert rig.told(1) == (code, 1)
        assert rig.leave(1) == ruling.value


def test_the_part_is_known_by_its_record(rig: Any) -> None:
    with rig.start():
        rig.arrive(1)
        part = rig.part(1)
    made = rig.station.recipe.part(1)
    assert (part.serial, part.sku, part.batch) == (made.serial, made.sku, made.batch)
    assert part.cycle_time_ms == made.cycle_time_ms
    assert not part.replayed
    assert 59_000 < part.deadline_ms <= 60_000


def test_many_parts_have_one_decision_each_and_the_accounts_agree(rig: Any) -> None:
    with rig.start():
        for sequence in range(1, 41):
            rig.arrive(sequence)
            rig.verdict(sequence, Verdict.FAIL if sequence % 4 == 0 else Verdict.PASS)
            rig.decision(sequence)
            rig.leave(sequence)
    account = rig.plc.memory.get("AOI1.Account")
    rulings = [decision.ruling for decision in rig.all(Decision)]
    assert (account["Accepted"], account["Rejected"], account["Held"]) == (30, 10, 0)
    assert (rulings.count(Ruling.ACCEPT), rulings.count(Ruling.REJECT)) == (30, 10)
    assert len({decision.part_id for decision in rig.all(Decision)}) == 40


def test_without_a_verdict_the_part_is_held_at_its_deadline(rig: Any) -> None:
    with rig.start(station={"deadline_ms": 200}):
        rig.arrive(1)
        decision = rig.decision(1)
        assert (decision.ruling, decision.reason, decision.absent) == (Ruling.HOLD, Reason.DEADLINE, ("top",))
        assert decision.confirmed
        late = partial(REGISTRY.get_sample_value, "late_verdicts_total", {"station": "AOI1"})
        before = late() or 0
        rig.verdict(1, Verdict.PASS)
        assert late() == before + 1
        assert rig.leave(1) == "hold"
    assert len(rig.all(Decision)) == 1


def test_two_cameras(rig: Any) -> None:
    cameras = [{"name": "top"}, {"name": "side"}]
    with rig.start(station={"camera": cameras}):
        rig.arrive(1)
        rig.verdict(1, Verdict.PASS, "top")
        rig.arrive(2)
        rig.verdict(2, Verdict.FAIL, "side")
        assert rig.decision(2).absent == ("top",)
        rig.verdict(1, Verdict.PASS, "side")
        assert rig.decision(1).ruling is Ruling.ACCEPT
    assert {verdict.camera for verdict in rig.decision(1).inspections} == {"top", "side"}


def test_two_stations_of_one_controller_count_for_themselves(rig: Any) -> None:
    other = Station("AOI2", rig.plc.memory, Belt(1e9, 1e9), Recipe(2, "AOI2", 0.2))
    rig.plc.define("AOI2", STATION)
    second = {"name": "AOI2", "plc": "plc1", "tag": "AOI2", "camera": [{"name": "top"}]}
    with rig.start(stations=(second,)):
        rig.arrive(1)
        other.arrive(7)
        rig.until(lambda: len(rig.all(PartArrived)) == 2, "both parts")
        for part in rig.all(PartArrived):
            rig.hear(part, Verdict.PASS if part.station == "AOI2" else Verdict.FAIL)
        rig.until(lambda: len(rig.all(Decision)) == 2, "both decisions")
        assert (rig.leave(1), RULING[other.leave(7)[1]]) == ("reject", "accept")
    made = {(part.station, part.counter, part.serial) for part in rig.all(PartArrived)}
    assert made == {("AOI1", 1, rig.station.recipe.part(1).serial), ("AOI2", 7, other.recipe.part(7).serial)}


def test_a_restart_carries_on_and_misses_no_part(rig: Any) -> None:
    with rig.start():
        rig.arrive(1)
        rig.verdict(1, Verdict.PASS)
        rig.decision(1)
    for sequence in range(2, 6):
        rig.arrive(sequence)
    with rig.start():
        for sequence in range(2, 6):
            rig.verdict(sequence, Verdict.PASS)
            assert rig.decision(sequence).ruling is Ruling.ACCEPT
    assert [part.counter for part in rig.all(PartArrived)] == [1, 2, 3, 4, 5]
    assert rig.all(PartsMissed) == []


def test_an_undecided_part_is_held_after_a_restart(rig: Any) -> None:
    with rig.start():
        rig.arrive(1)
        rig.part(1)
    with rig.start():
        decision = rig.decision(1)
    assert (decision.ruling, decision.reason, decision.confirmed) == (Ruling.HOLD, Reason.RESTART, True)
    assert rig.leave(1) == "hold"


def test_a_stored_ruling_is_carried_out_after_a_restart(rig: Any) -> None:
    with rig.start():
        rig.arrive(1)
        rig.part(1)
        rig.plc.faults.stop_listening()
        rig.plc.faults.reboot()
        rig.verdict(1, Verdict.PASS)
    assert rig.all(Decision) == []
    rig.plc.faults.start_listening()
    with rig.start():
        decision = rig.decision(1)
    assert (decision.ruling, decision.reason, decision.confirmed) == (Ruling.ACCEPT, Reason.PASSED, True)
    assert rig.leave(1) == "accept"


def test_a_crash_right_after_the_controller_was_told_leaves_the_decision_that_it_was_told(rig: Any) -> None:
    """The ruling is in the controller and neither intent nor Decision is in the journal."""
    with rig.start():
        rig.arrive(1)
        rig.part(1)
    rig.plc.memory.set("AOI1.Verdicts[1]", {"Code": 1, "Sequence": 1})
    with rig.start():
        decision = rig.decision(1)
    assert (decision.ruling, decision.reason, decision.confirmed) == (Ruling.ACCEPT, Reason.RESTART, True)
    assert rig.leave(1) == "accept"


def test_a_stored_accept_is_not_carried_out_once_the_part_is_too_old(rig: Any) -> None:
    with rig.start():
        rig.arrive(1)
        rig.part(1)
        rig.plc.faults.stop_listening()
        rig.plc.faults.reboot()
        rig.verdict(1, Verdict.PASS)
    rig.plc.faults.start_listening()
    rig.plc.memory.set("AOI1.Parts[1].AgeMs", 60_000)
    with rig.start():
        decision = rig.decision(1)
    assert (decision.ruling, decision.reason) == (Ruling.HOLD, Reason.DEADLINE)
    assert rig.leave(1) == "hold"


def test_a_verdict_that_came_when_the_part_was_at_the_gate_is_a_hold_that_is_not_confirmed(rig: Any) -> None:
    """The gateway's clock says that there is time, the controller's that there was none when it took the verdict."""
    with rig.start():
        rig.arrive(1)
        rig.part(1)
        assert rig.leave(1) == "hold"
        rig.plc.memory.set("AOI1.Parts[1].AgeMs", 60_900)
        rig.verdict(1, Verdict.PASS)
        decision = rig.decision(1)
    assert (decision.ruling, decision.reason, decision.confirmed) == (Ruling.HOLD, Reason.DEADLINE, False)
    assert decision.detail == "accept: the controller had it 60900 ms after the part's arrival"


def test_parts_of_a_station_or_plc_that_is_gone_are_closed(rig: Any) -> None:
    with rig.start():
        rig.arrive(1)
        rig.part(1)
    with rig.start(station={"name": "AOI9"}):
        decision = rig.decision(1)
    assert (decision.station, decision.ruling, decision.confirmed) == ("AOI1", Ruling.HOLD, False)
    with rig.start(station={"name": "AOI9"}):
        rig.arrive(2)
        rig.part(2)
    with rig.start(name="plc7", station={"name": "AOI9", "plc": "plc7"}):
        assert rig.decision(2).plc == "plc1"


def test_a_part_that_waited_too_long_is_replayed_and_held(rig: Any) -> None:
    rig.arrive(1)
    rig.plc.memory.set("AOI1.Parts[1].AgeMs", 60_001)
    with rig.start():
        assert rig.part(1).replayed
        decision = rig.decision(1)
    assert (decision.ruling, decision.reason) == (Ruling.HOLD, Reason.REPLAYED)


def test_what_the_ring_no_longer_had_is_recorded_and_alarmed(rig: Any) -> None:
    with rig.start():
        rig.arrive(1)
        rig.part(1)
    for sequence in range(2, 31):
        rig.arrive(sequence)
    with rig.start():
        rig.part(30)
        rig.until(lambda: active(rig, "parts-missed") == [True], "the alarm")
        rig.arrive(31)
        rig.until(lambda: active(rig, "parts-missed") == [True, False], "the alarm's end")
    (missed,) = rig.all(PartsMissed)
    assert (missed.first, missed.last, missed.count) == (2, 14, 13)
    assert len(rig.all(PartArrived)) + missed.count == 31


def test_a_record_that_is_still_being_written_is_waited_for(rig: Any) -> None:
    with rig.start():
        rig.arrive(1)
        rig.part(1)
        with rig.plc.memory.atomic():
            rig.arrive(2)
            rig.plc.memory.set("AOI1.Parts[2].Check", 0)
        with rig.plc.memory.atomic():
            rig.plc.memory.set("AOI1.Parts[2].Check", 2)
        assert rig.part(2).counter == 2
    assert rig.all(PartsMissed) == []


def test_missed_parts_are_recorded_once_though_the_next_record_is_not_whole(rig: Any) -> None:
    with rig.start():
        rig.arrive(1)
        rig.part(1)
    for sequence in range(2, 31):
        rig.arrive(sequence)
    rig.plc.memory.set("AOI1.Parts[15].Check", 0)
    with rig.start():
        rig.part(30)
    ranges = [(missed.first, missed.last) for missed in rig.all(PartsMissed)]
    assert ranges == [(2, 14), (15, 15)]
    assert len({part.counter for part in rig.all(PartArrived)}) == len(rig.all(PartArrived)) == 16


def test_the_counter_wraps(rig: Any) -> None:
    rig.arrive(LAST - 1)
    with rig.start():
        rig.part(LAST - 1)
        rig.arrive(LAST)
        rig.arrive(1)
        for sequence in (LAST, 1):
            rig.verdict(sequence, Verdict.PASS)
            assert rig.decision(sequence).ruling is Ruling.ACCEPT


def test_a_counter_that_begins_anew_voids_old_verdicts(rig: Any) -> None:
    """The controller's ring still holds an accept for part 1 of the old count when part 1 of the new count comes."""
    with rig.start():
        rig.arrive(1)
        rig.verdict(1, Verdict.PASS)
        rig.decision(1)
        for sequence in range(2, 6):
            rig.arrive(sequence)
            rig.part(sequence)
        assert rig.told(1) == (1, 1)
        rig.arrive(1)
        rig.until(lambda: len([part for part in rig.all(PartArrived) if part.counter == 1]) == 2, "the new part 1")
        assert rig.told(1)[1] == 0
        assert rig.leave(1) == "hold"


def test_a_stored_accept_never_meets_a_part_of_a_new_count(rig: Any) -> None:
    """The gateway is away with an accept for part 3 while the controller is reset and counts a new part 3."""
    with rig.start():
        for sequence in (1, 2, 3):
            rig.arrive(sequence)
            rig.part(sequence)
        rig.plc.faults.cut()
        rig.verdict(3, Verdict.PASS)
    assert rig.all(Decision) == []
    rig.arrive(1)
    rig.arrive(2)
    rig.plc.faults.start_listening()
    with rig.start():
        rig.until(lambda: len(rig.all(Decision)) == 3, "the decisions of the old count")
        rig.arrive(3)
        rig.until(lambda: len([part for part in rig.all(PartArrived) if part.counter == 3]) == 2, "the new part 3")
        assert rig.told(3)[1] == 0
        assert rig.leave(3) == "hold"
    assert {made.ruling for made in rig.all(Decision)} == {Ruling.HOLD}


def test_bypass_and_changeover_are_named_in_the_decision(rig: Any) -> None:
    rig.plc.memory.set("AOI1.Bypass", True)
    with rig.start():
        rig.arrive(1)
        rig.verdict(1, Verdict.PASS)
        decision = rig.decision(1)
        assert (decision.detail, decision.bypassed) == ("station in bypass", True)
        assert rig.leave(1) == "bypass"
        rig.plc.memory.set("AOI1.Bypass", False)
        rig.plc.memory.set("AOI1.Changeover", True)
        rig.arrive(2)
        rig.part(2)
        rig.arrive(3)  # its record is read after the states of the same poll
        rig.part(3)
        rig.verdict(2, Verdict.PASS)
        decision = rig.decision(2)
        assert (decision.detail, decision.bypassed) == ("station in changeover", False)
        assert rig.leave(2) == "accept"


def test_rejects_in_a_row_stop_the_line_and_the_operator_releases_it(rig: Any) -> None:
    with rig.start(station={"line_stop_after": 3}):
        for sequence, verdict in enumerate([Verdict.FAIL, Verdict.FAIL, Verdict.PASS, *[Verdict.FAIL] * 3], 1):
            assert not rig.plc.memory.get("AOI1.LineStop")
            rig.arrive(sequence)
            rig.verdict(sequence, verdict)
            rig.decision(sequence)
        rig.until(lambda: rig.plc.memory.get("AOI1.LineStop"), "the line stop")
        rig.until(lambda: active(rig, "line-stop") == [True], "the alarm")
        rig.plc.memory.set("AOI1.LineStop", False)
        rig.until(lambda: active(rig, "line-stop") == [True, False], "the alarm's end")


def test_rejects_in_a_row_are_counted_over_a_restart(rig: Any) -> None:
    for sequence in (1, 2):
        with rig.start(station={"line_stop_after": 2}):
            rig.arrive(sequence)
            rig.verdict(sequence, Verdict.FAIL)
            rig.decision(sequence)
            if sequence == 2:
                rig.until(lambda: rig.plc.memory.get("AOI1.LineStop"), "the line stop")
    assert active(rig, "line-stop") == [True]


def test_a_challenge_part_that_passes_is_held_and_alarmed(rig: Any) -> None:
    serial = rig.station.recipe.part(1).serial
    with rig.start(station={"challenge": [serial]}):
        rig.arrive(1)
        rig.verdict(1, Verdict.PASS)
        assert rig.decision(1).ruling is Ruling.HOLD
        rig.until(lambda: active(rig, "challenge-not-rejected") == [True], "the alarm")


def test_a_dead_controller_holds_and_a_new_connection_heals(rig: Any) -> None:
    with rig.start(station={"deadline_ms": 200}):
        rig.arrive(1)
        rig.part(1)
        rig.plc.faults.stop_listening()
        rig.plc.faults.reboot()
        decision = rig.decision(1)
        assert (decision.ruling, decision.confirmed) == (Ruling.HOLD, False)
        rig.until(lambda: active(rig, "plc-connection-lost") == [True], "the alarm")
        rig.plc.faults.start_listening()
        rig.arrive(2)
        assert rig.part(2).counter == 2
        rig.until(lambda: rig.all(DeviceStatus)[-1].online, "the device to be online")


def test_a_write_whose_answer_is_lost_is_found_in_the_controllers_memory(rig: Any) -> None:
    with rig.start(request_timeout_ms=300):
        rig.arrive(1)
        rig.part(1)
        written = []

        def lose_the_answer(path: str, _: object) -> None:
            if path == "AOI1.Verdicts[1].Sequence" and not written:
                rig.plc.faults.close_before(times=1)
                written.append(path)

        rig.plc.subscribe_writes(lose_the_answer)
        rig.verdict(1, Verdict.PASS)
        decision = rig.decision(1)
        assert written
        assert rig.plc.faults.active() == []
    assert (decision.ruling, decision.confirmed) == (Ruling.ACCEPT, True)
    assert rig.leave(1) == "accept"


def test_a_full_outbox_takes_no_more_parts_and_the_controller_holds_them(rig: Any) -> None:
    refused = partial(REGISTRY.get_sample_value, "jidoka_outbox_full_total", {"stream": "facts"})
    before = refused() or 0
    with rig.start(outbox_bytes=3000) as gateway:
        for sequence in range(1, 9):
            rig.arrive(sequence)
        rig.until(lambda: (refused() or 0) > before, "the refusal")
        assert gateway.alive()
        assert len(rig.all(PartArrived)) < 8
        assert rig.leave(8) == "hold"


def test_two_connections_for_each_plc_and_no_more(rig: Any) -> None:
    with rig.start(group=[{"name": "g", "tags": ["Line.State"]}]):
        rig.until(lambda: rig.all(TagBatch), "a scan")
        rig.arrive(1)
        rig.part(1)
        assert rig.server.clients == 2


def test_more_parts_on_the_belt_than_the_rings_hold_is_an_alarm(rig: Any) -> None:
    with rig.start():
        for sequence in range(1, 17):
            rig.arrive(sequence)
        rig.until(lambda: active(rig, "ring-too-short") == [True], "the alarm")
        rig.leave(1)
        rig.until(lambda: active(rig, "ring-too-short") == [True, False], "the alarm's end")
    alarm = next(alarm for alarm in rig.all(AlarmCondition) if alarm.code == "ring-too-short")
    assert alarm.context == {"parts": 16, "ring": 16}
    assert alarm.message.startswith("16 parts are between camera and gate of AOI1")


def test_both_heartbeats_and_an_alarm_that_survives_a_restart_as_the_same_alarm(rig: Any) -> None:
    with rig.start():
        rig.until(lambda: rig.plc.memory.get("Heartbeat.Gateway") >= 2, "the gateway's heartbeat")
        rig.until(lambda: active(rig, "plc-heartbeat-lost") == [True], "the alarm of the silent program")
    with rig.start():
        rig.plc.memory.set("Heartbeat.Plc", 1)
        rig.until(lambda: active(rig, "plc-heartbeat-lost") == [True, False], "the alarm's end")
    assert len({alarm.alarm_id for alarm in rig.all(AlarmCondition)}) == 1


def test_only_verdicts_heartbeat_and_line_stop_are_ever_written(rig: Any) -> None:
    written: set[str] = set()
    rig.plc.subscribe_writes(lambda path, _: written.add(path))
    with rig.start(group=[{"name": "g", "tags": ["Line"]}], station={"line_stop_after": 1}):
        rig.arrive(1)
        rig.verdict(1, Verdict.FAIL)
        rig.decision(1)
        rig.until(lambda: "AOI1.LineStop" in written, "the line stop")
    ring = {f"AOI1.Verdicts[{slot}].{name}" for slot in range(16) for name in ("Code", "Sequence")}
    assert written <= ring | {"AOI1.LineStop", "Heartbeat.Gateway"}


@pytest.mark.parametrize(
    ("changes", "station", "says"),
    [
        ({"slot": 5}, {}, "^line.toml: plc plc1: slot = 5"),
        ({"slot": 5, "group": [{"name": "g", "tags": ["Line.State"]}]}, {}, "^line.toml: plc plc1: slot = 5"),
        ({}, {"tag": "AOI2"}, "AOI2.Counter: the controller has no AOI2; close to it: AOI1"),
        ({"heartbeat": "Beat"}, {}, "Beat.Plc"),
        ({"group": [{"name": "g", "tags": ["Line.Sped"]}]}, {}, "close to it: Line.Speed"),
        ({"group": [{"name": "g", "tags": [{"name": "Line.Speed", "type": "DINT"}]}]}, {}, "it is REAL"),
    ],
)
def test_what_the_controller_does_not_have_ends_the_first_start(
    rig: Any, changes: dict[str, Any], station: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError, match=says), rig.start(station=station, **changes):
        rig.until(lambda: False, "the error")


def test_a_host_that_no_name_server_knows_ends_the_first_start(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: str) -> str:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "gethostbyname", unknown)
    says = r"^line.toml: plc plc1: host = 'plc-hall-7': there is no host of this name"
    with pytest.raises(ConfigError, match=says), rig.start(host="plc-hall-7"):
        rig.until(lambda: False, "the error")
