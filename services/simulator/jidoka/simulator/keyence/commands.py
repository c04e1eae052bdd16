"""The non-procedural commands: one line in, one line out. Pure but for the controller's state."""

from collections.abc import Callable
from typing import Protocol

UNKNOWN, DISABLED, PARAMETER = "02", "03", "22"


class Refused(Exception):
    """The controller's error; `code` is 02, 03 or 22."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Machine(Protocol):
    """What commands act on."""

    running: bool
    program: tuple[int, int]
    condition: int
    permitted: bool
    strings: dict[int, str]

    def fire(self, trigger: str) -> None:
        """Expose."""

    def reset(self) -> None:
        """Clear counters and buffers."""


def answer(machine: Machine, line: str) -> str:
    """The reply to a line: the command's own name with what it asked for, or `ER,<command>,<code>`."""
    name, *parameters = line.split(",")
    try:
        command = _COMMANDS.get(name)
        if command is None:
            raise Refused(UNKNOWN)
        return ",".join([name, *command(machine, name, [_number(text) for text in parameters])])
    except Refused as error:
        return f"ER,{name},{error.code}"


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


Parameters = list[int | str]


def _trigger(machine: Machine, name: str, parameters: Parameters) -> list[str]:
    _check(parameters, [])
    if not machine.running or not machine.permitted:
        raise Refused(DISABLED)
    machine.fire(name)
    return []


def _mode(running: bool) -> Callable[[Machine, str, Parameters], list[str]]:
    def change(machine: Machine, _: str, parameters: Parameters) -> list[str]:
        _check(parameters, [])
        machine.running = running
        return []

    return change


def _read_mode(machine: Machine, _: str, parameters: Parameters) -> list[str]:
    _check(parameters, [])
    return [str(int(machine.running))]


def _reset(machine: Machine, _: str, parameters: Parameters) -> list[str]:
    _check(parameters, [])
    _running(machine)
    machine.reset()
    return []


def _write_program(machine: Machine, _: str, parameters: Parameters) -> list[str]:
    card, program = _check(parameters, [range(1, 3), range(1000)])
    _running(machine)
    machine.program = card, program
    machine.reset()
    return []


def _read_program(machine: Machine, _: str, parameters: Parameters) -> list[str]:
    _check(parameters, [])
    _running(machine)
    return [str(machine.program[0]), f"{machine.program[1]:03d}"]


def _write_condition(machine: Machine, _: str, parameters: Parameters) -> list[str]:
    (machine.condition,) = _check(parameters, [range(100)])
    return []


def _read_condition(machine: Machine, _: str, parameters: Parameters) -> list[str]:
    _check(parameters, [])
    return [str(machine.condition)]


def _permit(machine: Machine, _: str, parameters: Parameters) -> list[str]:
    (permitted,) = _check(parameters, [range(2)])
    machine.permitted = bool(permitted)
    return []


def _write_string(machine: Machine, _: str, parameters: Parameters) -> list[str]:
    if len(parameters) != 2 or parameters[0] not in range(10):
        raise Refused(PARAMETER)
    machine.strings[int(parameters[0])] = str(parameters[1])
    return []


def _read_string(machine: Machine, _: str, parameters: Parameters) -> list[str]:
    (number,) = _check(parameters, [range(10)])
    return [str(number), machine.strings.get(number, "")]


def _version(machine: Machine, _: str, parameters: Parameters) -> list[str]:  # noqa: ARG001 - a command's shape
    _check(parameters, [])
    return ["CV-X200F", "1.0.0000"]


def _check(parameters: Parameters, allowed: list[range]) -> list[int]:
    if len(parameters) != len(allowed):
        raise Refused(PARAMETER)
    numbers = [number for number, fits in zip(parameters, allowed, strict=True) if number in fits]
    if len(numbers) != len(allowed):
        raise Refused(PARAMETER)
    return [int(number) for number in numbers]


def _running(machine: Machine) -> None:
    if not machine.running:
        raise Refused(DISABLED)


_COMMANDS: dict[str, Callable[[Machine, str, Parameters], list[str]]] = {
    **dict.fromkeys(("T1", "T2", "T3", "T4", "TA"), _trigger),
    "R0": _mode(True),
    "S0": _mode(False),
    "RM": _read_mode,
    "RS": _reset,
    "PW": _write_program,
    "PR": _read_program,
    "EXW": _write_condition,
    "EXR": _read_condition,
    "TE": _permit,
    "STW": _write_string,
    "STR": _read_string,
    "VI": _version,
}
