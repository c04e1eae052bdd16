"""Python values to and from controller memory, in place.

A structure is a dict, a string a str, a BOOL a bool, an array a list; arrays of more dimensions are one flat list,
last index fastest, as clients return them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from jidoka.simulator.logix.layout import Field, field_map, layout_of, size_of
from jidoka.simulator.logix.types import BOOL, Atomic, DataType, String, Struct

Value = Any
"""bool, int, float, str, or a dict or list of these."""


def decode(type_: DataType, data: bytes | bytearray, offset: int = 0, bit: int | None = None) -> Value:
    """One element at `offset`; `bit` picks a bit of the byte there."""
    if bit is not None:
        return bool(data[offset + bit // 8] >> (bit % 8) & 1)
    if isinstance(type_, Atomic):
        value = struct.unpack_from(type_.format, data, offset)[0]
        return bool(value) if type_ == BOOL else value
    if isinstance(type_, String):
        return _decode_string(type_, data, offset)
    return {field.name: _decode_field(field, data, offset) for field in layout_of(type_).visible}


def decode_array(type_: DataType, length: int, data: bytes | bytearray, offset: int = 0) -> list[Value]:
    """`length` elements from `offset`; BOOLs are taken bit by bit."""
    if type_ == BOOL:
        return [decode(BOOL, data, offset, bit) for bit in range(length)]
    size = size_of(type_)
    return [decode(type_, data, offset + index * size) for index in range(length)]


def encode(type_: DataType, data: bytearray, offset: int, value: Value, bit: int | None = None) -> None:
    """Write one element in place. A dict may name some members only; the others keep their values.

    Raises ValueError when the value does not fit the type.
    """
    if bit is not None:
        mask = 1 << bit % 8
        data[offset + bit // 8] = data[offset + bit // 8] & ~mask | (mask if value else 0)
    elif isinstance(type_, Atomic):
        _encode_atomic(type_, data, offset, value)
    elif isinstance(type_, String):
        _encode_string(type_, data, offset, value)
    else:
        _encode_struct(type_, data, offset, value)


def encode_array(type_: DataType, length: int, data: bytearray, offset: int, values: Value) -> None:
    """Write the first `len(values)` elements of an array of `length`. Raises ValueError when there are more."""
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise ValueError(f"an array of {type_.name} needs a list, not {values!r}")
    if len(values) > length:
        raise ValueError(f"{len(values)} values for an array of {length}")
    size = 0 if type_ == BOOL else size_of(type_)
    for index, value in enumerate(values):
        encode(type_, data, offset + index * size, value, index if type_ == BOOL else None)


def _decode_field(field: Field, data: bytes | bytearray, base: int) -> Value:
    if field.length:
        return decode_array(field.type, field.length, data, base + field.offset)
    return decode(field.type, data, base + field.offset, field.bit)


def _decode_string(type_: String, data: bytes | bytearray, offset: int) -> str:
    # A client may write any LEN; a real controller keeps it too, so the text is cut at the capacity.
    used = max(0, min(struct.unpack_from("<i", data, offset)[0], type_.capacity))
    return bytes(data[offset + 4 : offset + 4 + used]).decode("latin-1")


def _encode_atomic(type_: Atomic, data: bytearray, offset: int, value: Value) -> None:
    try:
        struct.pack_into(type_.format, data, offset, bool(value) if type_ == BOOL else value)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{value!r} does not fit {type_.name}: {error}") from error


def _encode_string(type_: String, data: bytearray, offset: int, value: Value) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{type_.name} needs a str, not {value!r}")
    text = value.encode("latin-1")
    if len(text) > type_.capacity:
        raise ValueError(f"{len(text)} characters for {type_.name} of {type_.capacity}")
    struct.pack_into("<i", data, offset, len(text))
    data[offset + 4 : offset + 4 + type_.capacity] = text.ljust(type_.capacity, b"\0")


def _encode_struct(type_: Struct, data: bytearray, offset: int, value: Value) -> None:
    if not isinstance(value, Mapping):
        raise ValueError(f"{type_.name} needs a dict, not {value!r}")
    fields = field_map(type_)
    for name, item in value.items():
        field = fields.get(str(name).lower())
        if field is None or field.hidden:
            raise ValueError(f"{type_.name} has no member {name!r}")
        if field.length:
            encode_array(field.type, field.length, data, offset + field.offset, item)
        else:
            encode(field.type, data, offset + field.offset, item, field.bit)
