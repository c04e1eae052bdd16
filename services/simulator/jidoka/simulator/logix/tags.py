"""The controller's tags: their definition, their bytes, and the table of scopes, names and instance ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from math import prod

from jidoka.simulator.logix.layout import storage_size
from jidoka.simulator.logix.templates import Templates
from jidoka.simulator.logix.types import BOOL, DataType, DefinitionError, check_name

_PROGRAM = re.compile(r"program:", re.IGNORECASE)


@dataclass(eq=False)
class Tag:
    """One tag. `dims` is empty for a single value; `program` is None in controller scope."""

    name: str
    type: DataType
    dims: tuple[int, ...]
    program: str | None
    instance: int
    read_only: bool = False
    data: bytearray = field(default_factory=bytearray)

    @property
    def length(self) -> int:
        """Number of elements, 0 for a single value."""
        return prod(self.dims) if self.dims else 0

    @property
    def path(self) -> str:
        """The name that clients use, with its program."""
        return f"Program:{self.program}.{self.name}" if self.program else self.name

    def reset(self) -> None:
        """Fresh zeroed memory of the right size."""
        self.data = bytearray(storage_size(self.type, self.length))


@dataclass(eq=False)
class Scope:
    """The controller (`program` None) or a program, whose `instance` is its own id among the controller's symbols."""

    program: str | None
    instance: int
    tags: dict[str, Tag] = field(default_factory=dict)
    by_instance: dict[int, Tag] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: count(1))


class TagTable:
    """All scopes of a controller. `generation` changes whenever a path may mean something else than before."""

    def __init__(self) -> None:
        self.templates = Templates()
        self.controller = Scope(None, 0)
        self.programs: dict[str, Scope] = {}
        self.generation = 0

    def scope(self, program: str | None) -> Scope | None:
        """The scope of a program (with or without `Program:`), of the controller for None, or None when unknown."""
        if program is None:
            return self.controller
        return self.programs.get(_PROGRAM.sub("", program, count=1).lower())

    def add_program(self, name: str) -> Scope:
        """The scope of a program, made when new."""
        scope = self.scope(name)
        if scope is None:
            self.generation += 1
            scope = Scope(check_name(name, "program"), next(self.controller.ids))
            self.programs[name.lower()] = scope
        return scope

    def add(self, scope: Scope, name: str, type_: DataType, dims: tuple[int, ...], read_only: bool) -> Tag:
        """Define a tag with zeroed memory. Raises DefinitionError when it cannot be."""
        check_name(name, "tag")
        if name.lower() in scope.tags:
            raise DefinitionError(f"tag {name} is defined already")
        tag = Tag(name, type_, check_dims(name, type_, dims), scope.program, 0, read_only)
        self.templates.add(type_)
        tag.instance = next(scope.ids)
        tag.reset()
        scope.tags[name.lower()] = scope.by_instance[tag.instance] = tag
        self.generation += 1
        return tag

    def find(self, path: str) -> tuple[Scope, Tag]:
        """A tag and its scope by `Tag` or `Program:Main.Tag`. Raises KeyError."""
        program, _, name = path.rpartition(".")
        scope = self.scope(program or None)
        tag = scope.tags.get(name.lower()) if scope else None
        if scope is None or tag is None:
            raise KeyError(f"no tag {path}")
        return scope, tag

    def remove(self, path: str) -> None:
        """Forget a tag."""
        scope, tag = self.find(path)
        del scope.tags[tag.name.lower()], scope.by_instance[tag.instance]
        self.generation += 1

    def rename(self, path: str, name: str) -> None:
        """Give a tag another name in its scope."""
        scope, tag = self.find(path)
        if check_name(name, "tag").lower() in scope.tags:
            raise DefinitionError(f"tag {name} is defined already")
        del scope.tags[tag.name.lower()]
        tag.name = name
        scope.tags[name.lower()] = tag
        self.generation += 1

    def change_type(self, path: str, type_: DataType, dims: tuple[int, ...]) -> None:
        """Give a tag another type and zeroed memory."""
        _, tag = self.find(path)
        self.templates.add(type_)
        tag.type, tag.dims = type_, check_dims(tag.name, type_, dims)
        tag.reset()
        self.generation += 1

    def scopes(self) -> list[Scope]:
        """The controller scope, then the programs."""
        return [self.controller, *self.programs.values()]

    def renumber(self) -> None:
        """Give every tag and program another instance id, as a download may: its neighbour's, the last a new one."""
        for scope in self.scopes():
            owners: list[Tag | Scope] = [*scope.tags.values()]
            if scope is self.controller:
                owners += self.programs.values()
            owners.sort(key=lambda owner: owner.instance)
            ids = [owner.instance for owner in owners[1:]] + [next(scope.ids)]
            for owner, instance in zip(owners, ids, strict=False):
                owner.instance = instance
            scope.by_instance = {tag.instance: tag for tag in scope.tags.values()}
        self.generation += 1


def check_dims(name: str, type_: DataType, dims: tuple[int, ...]) -> tuple[int, ...]:
    """Return `dims` when a Logix tag can have them: up to three, each at least one."""
    if len(dims) > 3 or any(size < 1 for size in dims):
        raise DefinitionError(f"tag {name}: dimensions {dims} are not one to three sizes of at least 1")
    if storage_size(type_, prod(dims) if dims else 0) > 2_000_000:
        raise DefinitionError(f"tag {name} is larger than 2,000,000 bytes")
    if type_ == BOOL and len(dims) > 1:
        raise DefinitionError(f"tag {name}: a BOOL array has one dimension")
    return dims
