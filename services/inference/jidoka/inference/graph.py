"""What a model file says of itself: inputs, outputs, metadata."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from jidoka.inference.errors import ModelRefused


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output. A dimension that the file leaves open is None."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Inputs, outputs and the metadata map of an ONNX file."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def output_names(self) -> tuple[str, ...]:
        """In the order of the file, lower case."""
        return tuple(port.name.lower() for port in self.outputs)


def class_names(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The `names` of the metadata, a Python dict or list as text; empty when there are none.

    Raises ModelRefused when they cannot be read or leave out a number.
    """
    value = _literal(metadata, "names")
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        value = dict(enumerate(value))
    if not isinstance(value, dict) or sorted(value, key=str) != sorted(range(len(value)), key=str):
        raise ModelRefused("the metadata `names` are not a list and not a table numbered from 0 without a gap")
    return tuple(str(value[number])[:82] or str(number) for number in range(len(value)))


def image_size(metadata: Mapping[str, str]) -> tuple[int, int] | None:
    """(width, height) from the metadata `imgsz`, which is one number or [height, width]."""
    value = _literal(metadata, "imgsz")
    if isinstance(value, int):
        return value, value
    if isinstance(value, (list, tuple)) and len(value) == 2 and all(isinstance(side, int) for side in value):
        return value[1], value[0]
    return None


def _literal(metadata: Mapping[str, str], key: str) -> object:
    text = metadata.get(key)
    if text is None:
        return None
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise ModelRefused(f"the metadata `{key}` is not a Python value: {text[:60]!r}") from error
    return value
