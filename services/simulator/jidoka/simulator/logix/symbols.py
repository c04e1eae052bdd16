"""The Symbol object, class 0x6B: Get_Instance_Attribute_List 0x55 gives one flat record per symbol, by instance id."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from jidoka.simulator.logix.address import SYMBOL_CLASS, split_scope
from jidoka.simulator.logix.cursor import Cursor
from jidoka.simulator.logix.epath import Kind
from jidoka.simulator.logix.layout import size_of
from jidoka.simulator.logix.memory import Memory
from jidoka.simulator.logix.messages import Answer, Context, Request
from jidoka.simulator.logix.services import Service
from jidoka.simulator.logix.status import CipError, Status
from jidoka.simulator.logix.tag_services import TagServices
from jidoka.simulator.logix.tags import Scope, Tag, TagTable
from jidoka.simulator.logix.types import BOOL

PROGRAM_TYPE = 0x1068
NOT_AN_ALIAS = 1 << 26
READ_WRITE = 0
READ_ONLY = 2


@dataclass(frozen=True)
class Symbol:
    """One record of the symbol table; it has no status of its own, so clients know fields by their size alone."""

    instance: int
    name: str
    type: int
    element_size: int
    dims: tuple[int, ...]
    read_only: bool

    def encode(self, wanted: list[int]) -> bytes:
        """The record with the asked attributes in the asked order. Raises CipError 0x14 for an unknown one."""
        attributes = self._attributes()
        if not attributes.keys() >= set(wanted):
            raise CipError(Status.UNSUPPORTED_ATTRIBUTE)
        return struct.pack("<I", self.instance) + b"".join(attributes[number] for number in wanted)

    def _attributes(self) -> dict[int, bytes]:
        address = struct.pack("<I", self.instance << 8)  # inside the controller: clients only pass it on
        return {
            1: struct.pack("<H", len(self.name)) + self.name.encode("ascii"),
            2: struct.pack("<H", self.type),
            3: address,
            5: address,
            6: struct.pack("<I", NOT_AN_ALIAS),
            7: struct.pack("<H", self.element_size & 0xFFFF),
            8: struct.pack("<III", *self.dims, *[0] * (3 - len(self.dims))),
            10: bytes([READ_ONLY if self.read_only else READ_WRITE]),
        }


class SymbolObject:
    """Class 0x6B: the tags by name or instance, and the list of them."""

    def __init__(self, table: TagTable, memory: Memory) -> None:
        self._table = table
        self._tags = TagServices(table, memory)

    def handle(self, request: Request, context: Context, /) -> Answer:
        """Browse, or pass the request to the tag that its path names."""
        if request.service != Service.GET_INSTANCE_ATTRIBUTES:
            return self._tags.handle(request, context)
        scope, rest = split_scope(self._table, request.path)
        kinds = [segment.kind for segment in rest]
        if kinds not in ([Kind.CLASS], [Kind.CLASS, Kind.INSTANCE]) or rest[0].value != SYMBOL_CLASS:
            raise CipError(Status.PATH_UNKNOWN, 0)
        return self._browse(scope, rest[1].value if rest[1:] else 0, request.data, context)

    def _browse(self, scope: Scope, start: int, data: bytes, context: Context) -> Answer:
        cursor = Cursor(data)
        wanted = [cursor.u16() for _ in range(cursor.u16())]
        room = context.limit - 4
        records: list[bytes] = []
        for owner in self._owners(scope, start):
            record = self._symbol(owner).encode(wanted)
            if len(record) > room:
                return Answer(b"".join(records), Status.PARTIAL)
            records.append(record)
            room -= len(record)
        return Answer(b"".join(records))

    def _owners(self, scope: Scope, start: int) -> list[Tag | Scope]:
        owners: dict[int, Tag | Scope] = {**scope.by_instance}
        if scope.program is None:
            owners.update((program.instance, program) for program in self._table.programs.values())
        return [owners[instance] for instance in sorted(owners) if instance >= start]

    def _symbol(self, owner: Tag | Scope) -> Symbol:
        if isinstance(owner, Scope):
            return Symbol(owner.instance, f"Program:{owner.program}", PROGRAM_TYPE, 0, (), False)
        word = self._table.templates.type_word(owner.type, len(owner.dims))
        if owner.type == BOOL and owner.dims:
            return Symbol(owner.instance, owner.name, word, 4, (-(-owner.dims[0] // 32),), owner.read_only)
        return Symbol(owner.instance, owner.name, word, size_of(owner.type), owner.dims, owner.read_only)
