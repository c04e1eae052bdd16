"""The controller's tag list as uploaded: what exists, of which type and size, and what a wrong name is close to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

NUMBERS = frozenset({"SINT", "INT", "DINT", "LINT", "USINT", "UINT", "UDINT", "ULINT", "REAL", "LREAL"})
_PART = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)(?:\[(\d+(?:,\d+){0,2})\])?$")
_SLICE = re.compile(r"^(.*)\{(\d+)\}$")


class UnknownTag(LookupError):
    """No such tag; the text names what exists with a similar name."""


@dataclass(frozen=True, slots=True)
class TagType:
    """Type of one path: `name` as the controller calls it (BOOL, DINT, REAL, STRING, a UDT's name).

    `dims` are the dimensions of an array that is meant as a whole, empty for a single element.
    """

    name: str
    dims: tuple[int, ...] = ()
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """How to read one configured tag: `ask` for the driver, `path` and `dims` for spreading the answer."""

    path: str
    ask: str
    type: TagType
    first: int = 0
    count: int = 1


class Catalogue:
    """Look-up over the driver's uploaded definitions (its `tags` mapping)."""

    def __init__(self, tags: Mapping[str, Mapping[str, Any]]) -> None:
        self._tags = tags

    def find(self, path: str) -> TagType:
        """The type at a path such as `Program:Main.Step` or `Stations[2].Part.Serial`. Raises UnknownTag."""
        base, attributes = _split(path)
        parts = [_parse(path, base.rpartition(".")[2]), *(_parse(path, attribute) for attribute in attributes)]
        scope = base.rpartition(".")[0]
        name = f"{scope}.{parts[0][0]}" if scope else parts[0][0]
        info = self._lookup(path, self._tags, name, "")
        for (member, _), (_, before) in zip(parts[1:], parts, strict=False):
            if _dims(info) and before is None:
                raise UnknownTag(f"{path}: {name} is an array; name one element, such as {name}[0]")
            info = self._lookup(path, _members(info), member, f"{name}.")
            name = f"{name}.{member}"
        return _type(path, info, parts[-1][1])

    def request(self, tag: str) -> Request:
        """How to read a configured tag: a path, a whole array by its bare name, or a slice `Zone[1]{3}`."""
        match = _SLICE.match(tag)
        path = match[1] if match else tag
        kind = self.find(path)
        if match:
            base, first = _slice_start(path)
            return Request(base, tag, TagType(kind.name, (), kind.members), first, int(match[2]))
        size = 1
        for dim in kind.dims:
            size *= dim
        start = f"[{','.join('0' * len(kind.dims))}]"
        ask = f"{path}{start}{{{size}}}" if kind.dims else path
        return Request(path, ask, kind, 0, size)

    def leaves(self) -> Iterator[tuple[str, TagType]]:
        """Every tag and, of structures, every member, without spreading arrays."""
        for name, info in sorted(self._tags.items()):
            yield from _walk(name, info)

    def _lookup(self, path: str, known: Mapping[str, Any], name: str, prefix: str) -> Mapping[str, Any]:
        if name in known:
            found: Mapping[str, Any] = known[name]
            return found
        close = get_close_matches(name, list(known), n=3, cutoff=0.5)
        hint = f"; close to it: {', '.join(prefix + other for other in close)}" if close else ""
        raise UnknownTag(f"{path}: the controller has no {prefix}{name}{hint}")


def _split(path: str) -> tuple[str, list[str]]:
    base, *attributes = path.split(".")
    if base.startswith("Program:") and attributes:
        base = f"{base}.{attributes.pop(0)}"
    return base, attributes


def _parse(path: str, part: str) -> tuple[str, str | None]:
    match = _PART.match(part)
    if match is None:
        raise UnknownTag(f"{path}: {part!r} is no tag name")
    return match[1], match[2]


def _slice_start(path: str) -> tuple[str, int]:
    base, bracket, index = path.rpartition("[")
    return (base, int(index.rstrip("]"))) if bracket and path.endswith("]") else (path, 0)


def _dims(info: Mapping[str, Any]) -> tuple[int, ...]:
    if "dimensions" in info:
        dims = tuple(info["dimensions"][: info["dim"]])
    else:
        dims = (info["array"],) if info.get("array") else ()
    return (dims[0] * 32, *dims[1:]) if info["data_type_name"] == "DWORD" and dims else dims


def _members(info: Mapping[str, Any]) -> Mapping[str, Any]:
    return info["data_type"]["internal_tags"] if info["tag_type"] == "struct" else {}


def _type(path: str, info: Mapping[str, Any], index: str | None) -> TagType:
    dims = _dims(info)
    places = [int(place) for place in index.split(",")] if index else []
    if places and (len(places) != len(dims) or any(place >= dim for place, dim in zip(places, dims, strict=True))):
        raise UnknownTag(f"{path}: the index is outside the array's {'x'.join(map(str, dims)) or 'single value'}")
    name = "BOOL" if info["data_type_name"] == "DWORD" and dims else str(info["data_type_name"])
    members = tuple(info["data_type"]["attributes"]) if info["tag_type"] == "struct" and name != "STRING" else ()
    return TagType(name, () if places else dims, members)


def _walk(path: str, info: Mapping[str, Any]) -> Iterator[tuple[str, TagType]]:
    kind = _type(path, info, None)
    yield path, kind
    if not kind.dims:
        for member in kind.members:
            yield from _walk(f"{path}.{member}", _members(info)[member])
