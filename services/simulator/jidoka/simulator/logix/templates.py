"""Templates: how a controller describes its structures to clients (class 0x6C, publication 1756-PM020).

The definition is member records of eight bytes (UINT info, UINT type, UDINT offset), then the structure's name and
the members' names, each ended by a zero byte.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from jidoka.simulator.logix.layout import Field, Layout, layout_of
from jidoka.simulator.logix.types import BOOL, DWORD, STRING, Atomic, DataType, DefinitionError, String, Struct

STRING_TEMPLATE = 0xFCE
FIRST_USER_TEMPLATE = 0x100
LAST_USER_TEMPLATE = 0xEFF
ARRAY = 0x2000
STRUCTURE = 0x8000


@dataclass(frozen=True)
class Template:
    """One described structure. `definition` is zero-padded to the `4 * words - 20` bytes that clients may ask for."""

    type: String | Struct
    instance: int
    handle: int
    members: int
    words: int
    definition: bytes

    @property
    def size(self) -> int:
        """Bytes of one such structure in memory."""
        return layout_of(self.type).size


class Templates:
    """The templates of one controller, by type name and instance id."""

    def __init__(self) -> None:
        self.by_instance: dict[int, Template] = {}
        self._by_name: dict[str, Template] = {}
        self._next = FIRST_USER_TEMPLATE

    def add(self, type_: DataType) -> None:
        """Describe a type and all it holds; a type that is known already is left as it is."""
        if isinstance(type_, Atomic):
            return
        known = self._by_name.get(type_.name.lower())
        if known is not None:
            if known.type != type_:
                raise DefinitionError(f"two different types are named {type_.name}")
            return
        if isinstance(type_, Struct):
            for member in type_.members:
                self.add(member.type)
        self._register(type_)

    def of(self, type_: String | Struct) -> Template:
        """The template of a type that was added."""
        return self._by_name[type_.name.lower()]

    def type_word(self, type_: DataType, dims: int) -> int:
        """The 16-bit symbol type: structure bit and template id, or the atomic code, with the number of dimensions."""
        if isinstance(type_, Atomic):
            return (DWORD.code if type_ == BOOL and dims else type_.code) | dims << 13
        return STRUCTURE | self.of(type_).instance | dims << 13

    def _register(self, type_: String | Struct) -> None:
        instance = STRING_TEMPLATE if type_ == STRING else self._next
        if instance == self._next:
            if instance > LAST_USER_TEMPLATE:
                raise DefinitionError(f"no template id is left for {type_.name}")
            self._next += 1
        layout = layout_of(type_)
        raw = self._definition(type_, layout)
        words = -(-(len(raw) + 23) // 4)
        handle = STRING_TEMPLATE if type_ == STRING else crc16(raw)
        padded = raw.ljust(4 * words - 20, b"\0")
        template = Template(type_, instance, handle, len(layout.fields), words, padded)
        self.by_instance[instance] = self._by_name[type_.name.lower()] = template

    def _definition(self, type_: String | Struct, layout: Layout) -> bytes:
        records = b"".join(self._record(field) for field in layout.fields)
        # Clients skip what follows the semicolon; pylogix unpacks two characters per member there.
        marks = "".join("E@" if field.hidden else "EB" for field in layout.fields)
        title = "ASCIISTRING82" if type_ == STRING else f"{type_.name};n{marks}"
        names = "\0".join([title, *(field.name for field in layout.fields)])
        return records + names.encode("ascii") + b"\0"

    def _record(self, field: Field) -> bytes:
        if field.bit is not None:
            return struct.pack("<HHI", field.bit, BOOL.code, field.offset)
        info = -(-field.length // 32) if field.type == BOOL else field.length
        return struct.pack("<HHI", info, self.type_word(field.type, 1 if field.length else 0), field.offset)


def crc16(data: bytes) -> int:
    """CRC-16 (polynomial 0xA001, start 0) of a definition: a handle that is stable, as clients only compare it."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc or 1
