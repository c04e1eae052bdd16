"""From what the controller answers to scalars by tag path: structures and arrays are spread, bad numbers named."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from jidoka.schemas import Scalar

Value = Scalar | Sequence["Value"] | Mapping[str, "Value"]
"""A decoded tag: a scalar, an array or a structure of such."""


class BadValue(ValueError):
    """A value that may not travel; the text says why."""


def spread(path: str, value: Value, dims: tuple[int, ...] = (), first: int = 0) -> Iterator[tuple[str, Value]]:
    """Every scalar below `path` with its own path: `Zone[2]`, `Matrix[1,0]`, `Part.Serial`.

    `dims` are the array's dimensions (one-dimensional when not given), `first` the element that a slice began at.
    """
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from spread(f"{path}.{name}", member)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, element in zip(_indices(dims, first, len(value)), value, strict=False):
            yield from spread(f"{path}[{index}]", element)
    else:
        yield path, value


def _indices(dims: tuple[int, ...], first: int, count: int) -> Iterator[str]:
    if len(dims) < 2:
        return (str(index) for index in range(first, first + count))
    return (",".join(map(str, place)) for place in product(*map(range, dims)))


def scalar(value: Value) -> Scalar:
    """The value itself when a message may carry it. Raises BadValue."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BadValue(f"the controller's number is {value}")
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise BadValue("the number is beyond 64 bits with sign")
        return value
    if isinstance(value, str):
        if not value.isprintable():
            raise BadValue("the string has characters that cannot be printed")
        return value[:500]
    raise BadValue(f"no value of type {type(value).__name__} can be sent")
