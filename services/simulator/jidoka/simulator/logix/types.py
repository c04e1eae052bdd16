"""The data types of a Logix controller: atomic types, strings and user-defined structures (UDTs).

Type codes and sizes: Rockwell publication 1756-PM020, "Logix 5000 Controllers Data Access".
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


class DefinitionError(ValueError):
    """A tag or type cannot be defined as asked; the message names it."""


def check_name(name: str, what: str) -> str:
    """Return `name` when it is a legal Logix identifier (letters, digits, underscore, at most 40)."""
    if not _NAME.fullmatch(name):
        raise DefinitionError(
            f"{what} {name!r} is no Logix name (a letter or _, then letters, digits or _, at most 40)"
        )
    return name


@dataclass(frozen=True)
class Atomic:
    """An elementary type: its CIP type code and its little-endian `struct` format."""

    name: str
    code: int
    format: str

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return struct.calcsize(self.format)


@dataclass(frozen=True)
class String:
    """A string type: a DINT length, then `capacity` characters, padded to a multiple of four bytes."""

    name: str
    capacity: int

    def __post_init__(self) -> None:
        check_name(self.name, "string type")
        if not 1 <= self.capacity <= 65535:
            raise DefinitionError(f"string type {self.name}: capacity {self.capacity} is not in 1..65535")


@dataclass(frozen=True)
class Member:
    """A named part of a structure; `length` 0 is a single value, otherwise a one-dimensional array."""

    name: str
    type: DataType
    length: int = 0

    def __post_init__(self) -> None:
        check_name(self.name, "member")
        if not 0 <= self.length <= 65535:
            raise DefinitionError(f"member {self.name}: length {self.length} is not in 0..65535")


class Struct:
    """A user-defined type: a name and its members in order. Two structures are equal when both agree."""

    def __init__(self, name: str, members: list[Member] | tuple[Member, ...]) -> None:
        self.name = check_name(name, "structure")
        self.members = tuple(members)
        if not self.members:
            raise DefinitionError(f"structure {name} has no members")
        lowered = [member.name.lower() for member in self.members]
        if len(set(lowered)) != len(lowered):
            raise DefinitionError(f"structure {name} has two members of one name")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Struct) and (self.name, self.members) == (other.name, other.members)

    def __hash__(self) -> int:
        # By name alone: hashing nested members on every layout look-up would cost more than the look-up saves.
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Struct({self.name!r}, {len(self.members)} members)"


DataType = Atomic | String | Struct

BOOL = Atomic("BOOL", 0xC1, "<B")
SINT = Atomic("SINT", 0xC2, "<b")
INT = Atomic("INT", 0xC3, "<h")
DINT = Atomic("DINT", 0xC4, "<i")
LINT = Atomic("LINT", 0xC5, "<q")
USINT = Atomic("USINT", 0xC6, "<B")
UINT = Atomic("UINT", 0xC7, "<H")
UDINT = Atomic("UDINT", 0xC8, "<I")
ULINT = Atomic("ULINT", 0xC9, "<Q")
REAL = Atomic("REAL", 0xCA, "<f")
LREAL = Atomic("LREAL", 0xCB, "<d")
DWORD = Atomic("DWORD", 0xD3, "<I")
"""How a controller stores and transfers 32 elements of a BOOL array; not a type to define tags with."""

STRING = String("STRING", 82)
