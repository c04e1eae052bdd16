"""A simulated Logix controller: tags, memory, fault hooks, and a server for EtherNet/IP clients.

It implements explicit messaging only and was never compared with hardware.
"""

from __future__ import annotations

import struct
from itertools import count

from jidoka.simulator.logix.address import SYMBOL_CLASS
from jidoka.simulator.logix.attributes import AttributeObject, Identity, WallClock
from jidoka.simulator.logix.codec import Value
from jidoka.simulator.logix.connection_manager import ConnectionManager
from jidoka.simulator.logix.counts import RequestCounts
from jidoka.simulator.logix.faults import Faults
from jidoka.simulator.logix.memory import Memory, WriteListener
from jidoka.simulator.logix.messages import CipObject
from jidoka.simulator.logix.router import MANAGER_CLASS, Router
from jidoka.simulator.logix.server import Server
from jidoka.simulator.logix.session import Session
from jidoka.simulator.logix.symbols import SymbolObject
from jidoka.simulator.logix.tags import Tag, TagTable
from jidoka.simulator.logix.template_object import TemplateObject
from jidoka.simulator.logix.types import DataType, DefinitionError

Dims = int | tuple[int, ...]


class Controller:
    """One controller. `revision` is (major, minor): clients use instance ids from major 21 on, symbols below.

    `memory` holds the values, `faults` the hooks, `requests` counts by CIP service.
    """

    def __init__(
        self,
        name: str = "Jidoka",
        revision: tuple[int, int] = (33, 11),
        slot: int = 0,
        product: str = "1756-L83E SIM",
    ) -> None:
        self.identity = Identity(product, revision)
        self.table = TagTable()
        self.memory = Memory(self.table)
        self.requests = RequestCounts()
        self.faults = Faults(self.table, self.memory, self.identity, lambda: self._server)
        self._server: Server | None = None
        self._handles = count(0x51D00001)
        self._manager = ConnectionManager(slot)
        encoded = name.encode("ascii")
        objects: dict[int, CipObject] = {
            0x01: AttributeObject(self.identity.attributes),
            MANAGER_CLASS: self._manager,
            0x64: AttributeObject(lambda: {1: struct.pack("<H", len(encoded)) + encoded}),
            SYMBOL_CLASS: SymbolObject(self.table, self.memory),
            0x6C: TemplateObject(self.table.templates),
            0x8B: WallClock(),
        }
        self._router = Router(objects, self._manager, self.memory, self.faults, self.requests)

    def define(
        self, name: str, type_: DataType, dims: Dims = (), *, initial: Value = None, read_only: bool = False
    ) -> None:
        """Define a controller tag; `dims` is an array length or up to three, `initial` as `memory.set` takes it.

        Clients cannot write a `read_only` tag (status 0x0F). Raises DefinitionError.
        """
        with self.memory.atomic():
            self._fill(self.table.add(self.table.controller, name, type_, _sizes(dims), read_only), initial)

    def define_program(
        self,
        program: str,
        name: str,
        type_: DataType,
        dims: Dims = (),
        *,
        initial: Value = None,
        read_only: bool = False,
    ) -> None:
        """Define a tag in a program's scope (`Program:<program>.<name>`); otherwise like `define`."""
        with self.memory.atomic():
            self._fill(self.table.add(self.table.add_program(program), name, type_, _sizes(dims), read_only), initial)

    def subscribe_writes(self, listener: WriteListener) -> None:
        """Call `listener(path, value)` after each client write, in the server's thread; it must not raise or block."""
        self.memory.subscribe(listener)

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> Server:
        """Listen for clients in a thread of its own; port 0 picks a free one. Raises OSError when it cannot."""
        self._server = Server(host, port, self._new_session, self.faults)
        return self._server

    def _fill(self, tag: Tag, initial: Value) -> None:
        if initial is None:
            return
        try:
            self.memory.set(tag.path, initial)
        except ValueError as error:
            self.table.remove(tag.path)
            raise DefinitionError(str(error)) from error

    def _new_session(self, address: tuple[str, int]) -> Session:
        return Session(next(self._handles), self._router, self._manager, self.identity, address)


def _sizes(dims: Dims) -> tuple[int, ...]:
    return (dims,) if isinstance(dims, int) else dims
