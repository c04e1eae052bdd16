"""Where the members of a structure lie in memory, by the rules of the Logix compiler.

Consecutive BOOLs share a hidden SINT host; arrays start at four bytes; LINT and LREAL at eight; a structure's size
is a multiple of its widest alignment, at least four.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from jidoka.simulator.logix.types import BOOL, DINT, SINT, Atomic, DataType, Member, String, Struct

HOST_PREFIX = "ZZZZZZZZZZ"


@dataclass(frozen=True)
class Field:
    """One member in memory. `bit` is set for a BOOL within its host byte; `length` 0 is a single value."""

    name: str
    type: DataType
    length: int
    offset: int
    bit: int | None = None
    hidden: bool = False


@dataclass(frozen=True)
class Layout:
    """All fields in template order, the size in bytes and the alignment of the whole."""

    fields: tuple[Field, ...]
    size: int
    alignment: int

    @property
    def visible(self) -> tuple[Field, ...]:
        """The fields a programmer named."""
        return tuple(field for field in self.fields if not field.hidden)


def round_up(value: int, step: int) -> int:
    """The smallest multiple of `step` that is not below `value`."""
    return -(-value // step) * step


def size_of(type_: DataType) -> int:
    """Bytes of one element of `type_`."""
    return type_.size if isinstance(type_, Atomic) else layout_of(type_).size


def storage_size(type_: DataType, length: int) -> int:
    """Bytes of a value (`length` 0) or an array; a BOOL array takes whole 32-bit words."""
    if type_ == BOOL and length:
        return round_up(length, 32) // 8
    return size_of(type_) * max(length, 1)


def alignment_of(type_: DataType, length: int) -> int:
    """The alignment of a value or array within a structure."""
    own = type_.size if isinstance(type_, Atomic) else layout_of(type_).alignment
    return max(own, 4) if length else own


@lru_cache(maxsize=4096)
def field_map(type_: String | Struct) -> dict[str, Field]:
    """Fields by lower-case name: Logix names are case-insensitive."""
    return {field.name.lower(): field for field in layout_of(type_).fields}


@lru_cache(maxsize=4096)
def layout_of(type_: String | Struct) -> Layout:
    """The layout of a structure or string."""
    if isinstance(type_, String):
        fields = (Field("LEN", DINT, 0, 0), Field("DATA", SINT, type_.capacity, 4))
        return Layout(fields, round_up(4 + type_.capacity, 4), 4)
    return _StructPlan(type_.name).run(type_.members)


class _StructPlan:
    """Places members one after another; kept as an object because BOOL hosts stay open between members."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: list[Field] = []
        self.end = 0
        self.alignment = 4
        self.host: int | None = None
        self.used_bits = 0

    def run(self, members: tuple[Member, ...]) -> Layout:
        for member in members:
            if member.type == BOOL and not member.length:
                self._place_bit(member)
            else:
                self.host = None
                self._place(member.name, member.type, member.length)
        return Layout(tuple(self.fields), round_up(self.end, self.alignment), self.alignment)

    def _place(self, name: str, type_: DataType, length: int, hidden: bool = False) -> int:
        alignment = alignment_of(type_, length)
        offset = round_up(self.end, alignment)
        self.fields.append(Field(name, type_, length, offset, hidden=hidden))
        self.end = offset + storage_size(type_, length)
        self.alignment = max(self.alignment, alignment)
        return offset

    def _place_bit(self, member: Member) -> None:
        if self.host is None or self.used_bits == 8:
            self.host = self._place(f"{HOST_PREFIX}{self.name[:20]}{len(self.fields)}", SINT, 0, hidden=True)
            self.used_bits = 0
        self.fields.append(Field(member.name, BOOL, 0, self.host, bit=self.used_bits))
        self.used_bits += 1
