"""The controller's tags, as `docs/plc-contract.md` lists them."""

from jidoka.simulator.logix import BOOL, DINT, REAL, STRING, Controller, Member, Struct

RING = 16
"""Parts and verdicts that the controller remembers a station; the index is the sequence modulo this."""

PART = Struct(
    "Part_T",
    [
        Member("Sequence", DINT),
        Member("Serial", STRING),
        Member("Sku", STRING),
        Member("Batch", STRING),
        Member("CycleTimeMs", DINT),
        Member("AgeMs", DINT),
        Member("Check", DINT),
    ],
)
VERDICT = Struct("Verdict_T", [Member("Code", DINT), Member("Sequence", DINT)])
ACCOUNT = Struct(
    "Account_T",
    [Member(name, DINT) for name in ("Arrived", "Accepted", "Rejected", "Held", "Bypassed", "WronglyAccepted")],
)
STATION = Struct(
    "Station_T",
    [
        Member("Counter", DINT),
        Member("Part", PART),
        Member("Parts", PART, RING),
        Member("Verdicts", VERDICT, RING),
        Member("Account", ACCOUNT),
        Member("Bypass", BOOL),
        Member("Changeover", BOOL),
        Member("LineStop", BOOL),
    ],
)
LINE = Struct(
    "Line_T",
    [
        Member("State", DINT),
        Member("Running", BOOL),
        Member("EStop", BOOL),
        Member("Faulted", BOOL),
        Member("Speed", REAL),
        Member("TotalParts", DINT),
    ],
)
PROCESS = Struct(
    "Process_T",
    [
        Member("Temperature", REAL),
        Member("Pressure", REAL),
        Member("Vibration", REAL),
        Member("Zone", REAL, 4),
        Member("Recipe", STRING),
    ],
)
HEARTBEAT = Struct("Heartbeat_T", [Member("Plc", DINT), Member("Gateway", DINT)])


def controller(stations: list[str]) -> Controller:
    """A controller with every tag of the contract."""
    plc = Controller(name="JidokaLine", revision=(33, 11))
    plc.define("Line", LINE)
    plc.define("Process", PROCESS)
    plc.define("Heartbeat", HEARTBEAT)
    plc.define_program("MainProgram", "Step", DINT)
    plc.define_program("MainProgram", "CycleActive", BOOL)
    for station in stations:
        plc.define(station, STATION)
    return plc
