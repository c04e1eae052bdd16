"""From a tag's path to the bytes it names, both for Python paths (`AOI1.Parts[3].Serial`) and for EPATHs on the wire.

The two differ in one point: a client counts a BOOL array in 32-bit words, a person in bits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import prod

from jidoka.simulator.logix.epath import Kind, Segment
from jidoka.simulator.logix.layout import field_map, size_of
from jidoka.simulator.logix.status import CipError, Extended, Status
from jidoka.simulator.logix.tags import Scope, Tag, TagTable
from jidoka.simulator.logix.types import BOOL, DWORD, Atomic, DataType

Step = str | tuple[int, ...]
_PART = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[(\d+(?:,\d+)*)\])?")
_INTEGERS = {0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9}
SYMBOL_CLASS = 0x6B


class AddressError(CipError):
    """A path that names nothing; the text says which part."""

    def __init__(self, text: str, status: Status = Status.PATH_SEGMENT, extended: int = 0) -> None:
        super().__init__(status, extended)
        self.text = text

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Location:
    """Where a path leads. `dims` is not empty when it names a whole array; `left` counts elements to the array's end.

    `bit` is set for one bit, counted from the byte at `offset`.
    """

    tag: Tag
    type: DataType
    offset: int
    path: str
    dims: tuple[int, ...] = ()
    left: int = 1
    bit: int | None = None


def locate_text(table: TagTable, path: str) -> Location:
    """The place of a Python path such as `Program:Main.Step`, `Matrix[1,2]`, `Flags[5]` or `Word.3`."""
    parts = path.split(".")
    program = parts.pop(0) if path.lower().startswith("program:") else None
    scope = table.scope(program)
    steps: list[Step] = []
    for part in parts:
        match = _PART.fullmatch(part)
        if not match and not part.isdecimal():
            raise AddressError(f"{path}: {part!r} is not a name, an element or a bit")
        steps.append(match[1] if match else part)
        if match and match[2]:
            steps.append(tuple(int(index) for index in match[2].split(",")))
    tag = scope.tags.get(str(steps[0]).lower()) if scope and steps else None
    if tag is None:
        raise AddressError(f"no tag {path}")
    return _walk(tag, steps[1:], wire=False)


def locate_segments(table: TagTable, segments: tuple[Segment, ...]) -> Location:
    """The place of a path on the wire: symbolic, or class 0x6B and an instance id, then members and elements."""
    scope, rest = split_scope(table, segments)
    if rest and rest[0].kind == Kind.SYMBOL:
        tag, rest = scope.tags.get(rest[0].text.decode("latin-1").lower()), rest[1:]
        if tag is None:
            raise AddressError("no such symbol")
    elif [segment.kind for segment in rest[:2]] == [Kind.CLASS, Kind.INSTANCE] and rest[0].value == SYMBOL_CLASS:
        tag, rest = scope.by_instance.get(rest[1].value), rest[2:]
        if tag is None:
            raise AddressError("no such instance", Status.PATH_UNKNOWN)
    else:
        raise AddressError("not a path to a tag", Status.PATH_UNKNOWN)
    return _walk(tag, _steps(rest), wire=True)


def split_scope(table: TagTable, segments: tuple[Segment, ...]) -> tuple[Scope, tuple[Segment, ...]]:
    """The scope that a wire path starts in, and the rest of the path."""
    if segments and segments[0].kind == Kind.SYMBOL and segments[0].text.lower().startswith(b"program:"):
        scope = table.scope(segments[0].text.decode("latin-1"))
        if scope is None:
            raise AddressError("no such program")
        return scope, segments[1:]
    return table.controller, segments


def _steps(segments: tuple[Segment, ...]) -> list[Step]:
    steps: list[Step] = []
    for segment in segments:
        if segment.kind == Kind.SYMBOL:
            steps.append(segment.text.decode("latin-1"))
        elif segment.kind == Kind.MEMBER:
            last = steps[-1] if steps else None
            if isinstance(last, tuple):
                steps[-1] = (*last, segment.value)
            else:
                steps.append((segment.value,))
        else:
            raise AddressError("a tag path has symbols and elements only")
    return steps


def _walk(tag: Tag, steps: list[Step], wire: bool) -> Location:
    place = _array(Location(tag, tag.type, 0, tag.path), tag.dims, wire)
    for step in steps:
        if isinstance(step, tuple):
            place = _element(place, step)
        elif step.isdecimal() and not wire:
            place = _bit(place, int(step))
        else:
            place = _member(place, step, wire)
    return place


def _array(place: Location, dims: tuple[int, ...], wire: bool) -> Location:
    if wire and dims and place.type == BOOL:
        dims = (-(-dims[0] // 32),)
        place = replace(place, type=DWORD)
    return replace(place, dims=dims, left=prod(dims) if dims else 1)


def _element(place: Location, index: tuple[int, ...]) -> Location:
    if len(index) != len(place.dims):
        raise AddressError(f"{place.path} has {len(place.dims)} dimensions, not {len(index)}")
    flat = 0
    for position, size in zip(index, place.dims, strict=True):
        if position >= size:
            raise AddressError(f"{place.path}{list(index)} is beyond the end", Status.EXTENDED, Extended.BEYOND_END)
        flat = flat * size + position
    left = place.left - flat
    if place.type == BOOL:
        return replace(place, dims=(), left=left, bit=flat, path=f"{place.path}[{flat}]")
    shown = flat * 32 if place.type == DWORD else ",".join(map(str, index))
    offset = place.offset + flat * size_of(place.type)
    return replace(place, dims=(), left=left, offset=offset, path=f"{place.path}[{shown}]")


def _bit(place: Location, bit: int) -> Location:
    if place.dims or not isinstance(place.type, Atomic) or place.type.code not in _INTEGERS:
        raise AddressError(f"{place.path} has no bits")
    if bit >= place.type.size * 8:
        raise AddressError(f"{place.path}.{bit} is beyond the end", Status.EXTENDED, Extended.BEYOND_END)
    return replace(place, type=BOOL, bit=bit, left=1, path=f"{place.path}.{bit}")


def _member(place: Location, name: str, wire: bool) -> Location:
    if place.dims or isinstance(place.type, Atomic):
        raise AddressError(f"{place.path} has no member {name}")
    field = field_map(place.type).get(name.lower())
    if field is None:
        raise AddressError(f"{place.path} has no member {name}")
    inner = Location(place.tag, field.type, place.offset + field.offset, f"{place.path}.{field.name}", bit=field.bit)
    return _array(inner, (field.length,) if field.length else (), wire)
