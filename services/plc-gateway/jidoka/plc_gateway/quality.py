"""Why a value that was read is doubtful. It travels all the same, named in the batch's `uncertain` with the reason."""

from jidoka.schemas import Scalar

FAULTED = "the controller has a major fault: its program does not run"
PROGRAM_MODE = "the controller is in program mode: its program does not run"
SLOW = "the scan took longer than its period: its values are not of one moment"
OUTSIDE = "outside its range"

_MAJOR_FAULT_BITS = 0x0C00
_MAJOR_FAULT, _IDLE = 5, 7


def stopped(status: int) -> str | None:
    """Why the program does not run, by the status word of the controller's identity, or None when it does.

    Bits 10 and 11 are major faults; bits 4 to 7 are 5 after a major fault and 7 in program mode (CIP, identity object).
    """
    state = status >> 4 & 0xF
    if status & _MAJOR_FAULT_BITS or state == _MAJOR_FAULT:
        return FAULTED
    return PROGRAM_MODE if state == _IDLE else None


def outside(value: Scalar, limits: tuple[float, float] | None) -> str | None:
    """Why a value is not what its sensor can mean, or None: `limits` are the lowest and highest that it can."""
    if limits is None or isinstance(value, bool | str) or limits[0] <= value <= limits[1]:
        return None
    return f"{OUTSIDE} {limits[0]:g} to {limits[1]:g}"


def kind(reason: str) -> str:
    """A reason's short name for the metric."""
    names = {FAULTED: "major fault", PROGRAM_MODE: "program mode", SLOW: "slow scan"}
    return names.get(reason, "range")
