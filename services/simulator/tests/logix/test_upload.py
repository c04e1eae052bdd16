"""Tag upload of small and large programs, on large and small connections."""

import pytest
from pycomm3 import LogixDriver

from jidoka.simulator.logix import DINT, REAL, Controller, Member, Service, Struct


@pytest.mark.parametrize("small", [False, True], ids=["4000-bytes", "500-bytes"])
@pytest.mark.parametrize("count", [220, 5220])
def test_every_tag_is_uploaded_once(count: int, small: bool) -> None:
    plc = Controller()
    structs = [Struct(f"Type_{number}", [Member("Value", REAL), Member("Count", DINT)]) for number in range(10)]
    for number in range(count - 20):
        plc.define(f"A_rather_long_tag_name_{number}", DINT, initial=number)
    for number in range(10):
        plc.define(f"Structured_{number}", structs[number])
        plc.define_program("Main", f"Local_{number}", DINT)
    if small:
        plc.faults.refuse(Service.LARGE_FORWARD_OPEN)

    with plc.serve() as server, LogixDriver(f"127.0.0.1:{server.port}/0") as driver:
        assert len(driver.tags) == count
        assert len(driver.data_types) == 10
        assert driver.read(f"A_rather_long_tag_name_{count - 21}").value == count - 21
