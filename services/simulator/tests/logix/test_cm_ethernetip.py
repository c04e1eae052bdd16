"""Unmodified TagClient of cm-ethernetip, unconnected, routed and connected."""

import asyncio
import struct

import pytest
from ethernetip.logix.tag_client import TagClient

from jidoka.simulator.logix import Controller, Server

MODES = pytest.mark.parametrize(
    ("path", "connected"),
    [(None, False), ("1,0", False), ("1,0", True)],
    ids=["unconnected", "routed", "connected"],
)


@MODES
def test_every_kind_is_written_and_read(new_plc: Controller, new_server: Server, path: str, connected: bool) -> None:
    async def exchange() -> list[object]:
        async with TagClient("127.0.0.1", new_server.port, path=path, use_connected=connected) as client:
            await client.write_sint("OneSINT", -3)
            await client.write_int("OneINT", -300)
            await client.write_dint("Many[7]", 70_000)
            await client.write_lint("OneLINT", 2**40)
            await client.write_real("AOI1.Parts[1].Weight", 1.5)
            await client.write_lreal("OneLREAL", 0.1)
            await client.write_dint("Program:MainProgram.Step", 5)
            await client.write_string("Text", "abc", 0x0FCE)
            return [
                await client.read_sint("OneSINT"),
                await client.read_int("OneINT"),
                await client.read_dint("Many[7]"),
                await client.read_lint("OneLINT"),
                await client.read_real("AOI1.Parts[1].Weight"),
                await client.read_lreal("OneLREAL"),
                await client.read_dint("Program:MainProgram.Step"),
                await client.read_string("Text"),
            ]

    read = asyncio.run(exchange())

    assert read == [-3, -300, 70_000, 2**40, 1.5, 0.1, 5, "abc"]
    assert new_plc.memory.get("AOI1.Parts[1].Weight") == 1.5
    assert new_plc.memory.get("Text") == "abc"


@MODES
def test_tags_are_browsed_and_structures_understood(
    new_plc: Controller, new_server: Server, path: str, connected: bool
) -> None:
    new_plc.memory.set("Spare", {"Serial": "SN", "Bad": True, "Weight": 2.5, "Stamp": 9})

    async def exchange() -> tuple[list[str], dict[str, object]]:
        async with TagClient("127.0.0.1", new_server.port, path=path, use_connected=connected) as client:
            browsed = await client.browse_tags()
            template = next(found for found in browsed.templates.values() if found.name.startswith("Part_T;"))
            part = await client.read_struct("Spare", template)
            read = {
                "Serial": part.get_string("Serial"),
                "Ok": part.get_bool("Ok"),
                "Bad": part.get_bool("Bad"),
                "Weight": part.get_real("Weight"),
                "Stamp": part.get_lint("Stamp"),
            }
            part.set_bool("Ok", True)
            await client.write_struct_value("AOI1.Parts[3]", part)
            await client.write_dint("Program:MainProgram.Step", 6)  # by instance id within the program now
            return [tag.name for tag in browsed.tags], read

    names, read = asyncio.run(exchange())

    assert {"Many", "AOI1", "Program:MainProgram.Local"} <= set(names)
    assert read == {"Serial": "SN", "Ok": False, "Bad": True, "Weight": 2.5, "Stamp": 9}
    assert new_plc.memory.get("AOI1.Parts[3]") == {**new_plc.memory.get("Spare"), "Ok": True}
    assert new_plc.memory.get("Program:MainProgram.Step") == 6


def test_groups_are_read_and_written(new_plc: Controller, new_server: Server) -> None:
    async def exchange() -> tuple[dict[str, bool], dict[str, bytes]]:
        async with TagClient("127.0.0.1", new_server.port) as client:
            writes = [("OneDINT", 0xC4, struct.pack("<i", 3)), ("OneREAL", 0xCA, struct.pack("<f", 1.5))]
            return await client.write_multiple(writes), await client.read_multiple(["OneDINT", "OneBOOL"])

    written, read = asyncio.run(exchange())

    assert written == {"OneDINT": True, "OneREAL": True}
    assert read == {"OneDINT": b"\xc4\0\x03\0\0\0", "OneBOOL": b"\xc1\0\0"}
    assert new_plc.memory.get("OneREAL") == 1.5
