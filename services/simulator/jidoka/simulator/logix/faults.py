"""All fault hooks of a controller: replies that go wrong, downloads that change tags, reboots, a closed port, modes.

Not for use inside a write listener: these wait for the server's thread.
"""

from __future__ import annotations

from collections.abc import Callable

from jidoka.simulator.logix.attributes import Identity, Mode
from jidoka.simulator.logix.memory import Memory
from jidoka.simulator.logix.reply_faults import ReplyFaults
from jidoka.simulator.logix.server import Server
from jidoka.simulator.logix.tags import TagTable
from jidoka.simulator.logix.types import DataType


class Faults(ReplyFaults):
    """The hooks of one controller; `server` returns the one that serves it now, or None."""

    def __init__(
        self, table: TagTable, memory: Memory, identity: Identity, server: Callable[[], Server | None]
    ) -> None:
        super().__init__()
        self._table = table
        self._identity = identity
        self._memory = memory
        self._server = server

    def renumber(self) -> None:
        """Give every tag another instance id, as a download may; clients that kept theirs now reach other tags."""
        with self._memory.atomic():
            self._table.renumber()

    def change_type(self, path: str, type_: DataType, dims: tuple[int, ...] = ()) -> None:
        """Define a tag anew with another type, under the same name and instance id; its memory is zeroed."""
        with self._memory.atomic():
            self._table.change_type(path, type_, dims)

    def delete(self, path: str) -> None:
        """Remove a tag. Raises KeyError when there is none."""
        with self._memory.atomic():
            self._table.remove(path)

    def rename(self, path: str, name: str) -> None:
        """Give a tag another name in its scope; value and instance id stay."""
        with self._memory.atomic():
            self._table.rename(path, name)

    def mode(self, mode: Mode) -> None:
        """What the identity says from now on: running, in program mode or faulted."""
        self._identity.status = mode

    def reboot(self, renumber: bool = False) -> None:
        """Cut off every client: sessions and connections are gone, memory is kept, ids too unless `renumber`."""
        if renumber:
            self.renumber()
        server = self._server()
        if server is not None:
            server.drop_clients()

    def cut(self) -> None:
        """Pull the cable: no new connection, and those that there are end. `start_listening` plugs it in again."""
        self.stop_listening()
        self.reboot()

    def stop_listening(self) -> None:
        """Refuse new TCP connections, as a controller that is off or starting."""
        server = self._server()
        if server is not None:
            server.stop_listening()

    def start_listening(self) -> None:
        """Accept connections again on the same port."""
        server = self._server()
        if server is not None:
            server.start_listening()
