"""Parts arrive, ride and leave; what a part is follows from seed and sequence."""

from pathlib import Path

import pytest

from jidoka.simulator.belt import Belt
from jidoka.simulator.parts import Recipe
from jidoka.simulator.plant import controller
from jidoka.simulator.process import Process
from jidoka.simulator.program import GATEWAY_LOST_MS, Program
from jidoka.simulator.retentive import Ledger, Retentive
from jidoka.simulator.station import ACCEPT, REJECT, Station


def _program(folder: Path, defect_rate: float = 0.5) -> Program:
    plc = controller(["AOI1"])
    station = Station("AOI1", plc.memory, Belt(100.0, 500.0), Recipe(7, "AOI1", defect_rate))
    ledgers = {"AOI1": Ledger(folder / "AOI1.jsonl")}
    return Program(plc.memory, [station], Process(7), Retentive(folder / "retentive.json"), ledgers)


def _run(program: Program, steps: int, beat: bool = True) -> None:
    for step in range(steps):
        if beat:
            program.memory.set("Heartbeat.Gateway", step + 1)
        program.scan(10.0)


def test_parts_arrive_each_takt_and_leave_after_the_dwell() -> None:
    belt = Belt(100.0, 250.0)
    arrived, left = [], []
    for _ in range(100):
        came, went = belt.step(10.0)
        arrived += came
        left += went
    assert arrived == list(range(1, 11))
    assert left == [1, 2, 3, 4, 5, 6, 7]


def test_a_part_without_a_verdict_is_held(tmp_path: Path) -> None:
    program = _program(tmp_path)
    _run(program, 200)
    account = program.memory.get("AOI1.Account")
    assert account["Held"] > 0
    assert (account["Accepted"], account["Rejected"]) == (0, 0)


@pytest.mark.parametrize(("code", "member"), [(ACCEPT, "Accepted"), (REJECT, "Rejected")])
def test_the_gate_does_what_the_verdict_of_that_part_says(tmp_path: Path, code: int, member: str) -> None:
    program = _program(tmp_path)
    program.memory.set("AOI1.Verdicts[2]", {"Code": code, "Sequence": 2})
    _run(program, 100)
    account = program.memory.get("AOI1.Account")
    assert account[member] == 1
    assert account["Held"] == account["Arrived"] - 1 - len(program.stations[0].belt.riding)


def test_a_verdict_of_another_part_in_the_same_place_of_the_ring_holds(tmp_path: Path) -> None:
    program = _program(tmp_path)
    program.memory.set("AOI1.Verdicts[2]", {"Code": ACCEPT, "Sequence": 18})
    _run(program, 100)
    assert program.memory.get("AOI1.Account.Accepted") == 0


def test_a_silent_gateway_is_a_fault_and_parts_without_a_verdict_are_held(tmp_path: Path) -> None:
    program = _program(tmp_path)
    program.memory.set("AOI1.Verdicts[2]", {"Code": ACCEPT, "Sequence": 2})
    _run(program, int(GATEWAY_LOST_MS / 10) + 100, beat=False)
    account = program.memory.get("AOI1.Account")
    assert program.memory.get("Line.Faulted") is True
    assert account["Accepted"] == 1, "the verdict that was written and read back stands"
    assert account["Held"] == account["Arrived"] - 1 - len(program.stations[0].belt.riding)
    _run(program, 10)
    assert program.memory.get("Line.Faulted") is False


def test_the_emergency_stop_stops_the_belt(tmp_path: Path) -> None:
    program = _program(tmp_path)
    program.memory.set("Line.EStop", True)
    _run(program, 100)
    assert program.memory.get("AOI1.Counter") == 0
    assert program.memory.get("Line.Running") is False


def test_an_accepted_part_with_a_defect_is_counted_as_wrongly_accepted(tmp_path: Path) -> None:
    program = _program(tmp_path, defect_rate=1.0)
    program.memory.set("AOI1.Verdicts[1]", {"Code": ACCEPT, "Sequence": 1})
    _run(program, 100)
    assert program.memory.get("AOI1.Account.WronglyAccepted") == 1


def test_a_power_cut_loses_no_part_and_no_verdict(tmp_path: Path) -> None:
    first = _program(tmp_path)
    _run(first, 73)
    first.memory.set("AOI1.Verdicts[5]", {"Code": ACCEPT, "Sequence": 5})
    first.written("AOI1.Verdicts[5]", {"Code": ACCEPT, "Sequence": 5})
    again = _program(tmp_path)
    again.restore()
    kept = ("Counter", "Part", "Account", "Verdicts")
    assert [again.memory.get(f"AOI1.{name}") for name in kept] == [first.memory.get(f"AOI1.{name}") for name in kept]
    _run(again, 100)
    assert again.memory.get("AOI1.Account.Accepted") == 1
    counted = len((tmp_path / "AOI1.jsonl").read_text().splitlines())
    account = again.memory.get("AOI1.Account")
    assert counted == account["Accepted"] + account["Rejected"] + account["Held"]


def test_the_same_seed_makes_the_same_parts() -> None:
    recipe = Recipe(3, "AOI1", 0.2)
    parts = [recipe.part(sequence) for sequence in range(1, 2001)]
    assert parts == [Recipe(3, "AOI1", 0.2).part(sequence) for sequence in range(1, 2001)]
    assert 0.15 < sum(bool(part.defects) for part in parts) / 2000 < 0.25
    assert len({part.serial for part in parts}) == 2000
