"""Reading and writing tags: services 0x4C, 0x52, 0x4D, 0x53 and 0x4E (publication 1756-PM020)."""

from __future__ import annotations

from dataclasses import dataclass

from jidoka.simulator.logix.address import Location, locate_segments
from jidoka.simulator.logix.codec import Value, decode, decode_array
from jidoka.simulator.logix.cursor import Cursor
from jidoka.simulator.logix.layout import size_of
from jidoka.simulator.logix.memory import Memory
from jidoka.simulator.logix.messages import Answer, Context, Request
from jidoka.simulator.logix.services import Service
from jidoka.simulator.logix.status import CipError, Extended, Status
from jidoka.simulator.logix.tags import TagTable
from jidoka.simulator.logix.types import BOOL, DWORD, Atomic

STRUCT_MARK = b"\xa0\x02"
BOOL_TRUE = 0xFF
REPLY_HEADER = 4


@dataclass(frozen=True)
class Span:
    """Part of an addressed array: `count` elements, of which the bytes from `offset` on are meant."""

    place: Location
    count: int
    offset: int = 0

    @property
    def total(self) -> int:
        """Bytes of all elements."""
        return size_of(self.place.type) * self.count


class TagServices:
    """The tags of a controller as clients reach them, by symbol or by instance of class 0x6B."""

    def __init__(self, table: TagTable, memory: Memory) -> None:
        self._table = table
        self._memory = memory
        self._places: dict[bytes, Location] = {}
        self._generation = -1

    def handle(self, request: Request, context: Context) -> Answer:
        """Answer one of the five tag services."""
        service, place = request.service, self._locate(request)
        cursor = Cursor(request.data)
        if service in (Service.READ_TAG, Service.READ_FRAGMENT):
            return self._read(place, cursor, context, fragment=service == Service.READ_FRAGMENT)
        if service in (Service.WRITE_TAG, Service.WRITE_FRAGMENT):
            return self._write(place, cursor, fragment=service == Service.WRITE_FRAGMENT)
        if service == Service.MODIFY_TAG:
            return self._modify(place, cursor)
        raise CipError(Status.UNSUPPORTED_SERVICE)

    def _locate(self, request: Request) -> Location:
        # Finding a place costs more than reading it; it stays valid until the tag table changes.
        if self._generation != self._table.generation or len(self._places) > 50_000:
            self._places.clear()
            self._generation = self._table.generation
        place = self._places.get(request.raw_path)
        if place is None:
            place = self._places[request.raw_path] = locate_segments(self._table, request.path)
        return place

    def _read(self, place: Location, cursor: Cursor, context: Context, fragment: bool) -> Answer:
        span = _span(place, cursor.u16(), cursor.u32() if fragment else 0)
        header = self._type_header(place)
        room = context.limit - REPLY_HEADER - len(header)
        if span.total - span.offset <= room:
            return Answer(header + _bytes(span, span.total))
        if context.nested:
            raise CipError(Status.REPLY_TOO_LARGE)
        # Atomic elements are never cut in two; a structure is cut at a multiple of four bytes.
        step = size_of(place.type) if isinstance(place.type, Atomic) else 4
        return Answer(header + _bytes(span, span.offset + room // step * step), Status.PARTIAL)

    def _write(self, place: Location, cursor: Cursor, fragment: bool) -> Answer:
        if place.tag.read_only:
            raise CipError(Status.PRIVILEGE_VIOLATION)
        header = self._type_header(place)
        sent = cursor.take(2)
        if sent == STRUCT_MARK:
            sent += cursor.take(2)
        if sent != header:
            raise CipError(Status.EXTENDED, Extended.TYPE_MISMATCH)
        span = _span(place, cursor.u16(), cursor.u32() if fragment else 0)
        # pycomm3 1.2 sends a single write twice in one request: bytes past the elements are no error.
        left = span.total - span.offset
        data = cursor.take(min(left, cursor.left) if fragment else left)
        _store(span, data)
        if span.offset + len(data) == span.total:
            self._memory.announce(place.path, _written(span))
        return Answer()

    def _modify(self, place: Location, cursor: Cursor) -> Answer:
        if place.tag.read_only:
            raise CipError(Status.PRIVILEGE_VIOLATION)
        size = cursor.u16()
        if not isinstance(place.type, Atomic) or place.type == BOOL or size != place.type.size:
            raise CipError(Status.EXTENDED, Extended.TYPE_MISMATCH)
        set_mask, keep_mask = cursor.take(size), cursor.take(size)
        data, start = place.tag.data, place.offset
        data[start : start + size] = bytes(
            (old | on) & keep for old, on, keep in zip(data[start : start + size], set_mask, keep_mask, strict=True)
        )
        self._memory.announce(place.path, _written(Span(place, 1)))
        return Answer()

    def _type_header(self, place: Location) -> bytes:
        if isinstance(place.type, Atomic):
            return place.type.code.to_bytes(2, "little")
        return STRUCT_MARK + self._table.templates.of(place.type).handle.to_bytes(2, "little")


def _span(place: Location, count: int, offset: int) -> Span:
    if count == 0:
        raise CipError(Status.INVALID_PARAMETER)
    span = Span(place, count, offset)
    if count > place.left or (offset and offset >= span.total):
        raise CipError(Status.EXTENDED, Extended.BEYOND_END)
    return span


def _bytes(span: Span, end: int) -> bytes:
    place = span.place
    if place.type == BOOL:
        return bytes([BOOL_TRUE if decode(BOOL, place.tag.data, place.offset, place.bit) else 0])
    return bytes(place.tag.data[place.offset + span.offset : place.offset + end])


def _store(span: Span, data: bytes) -> None:
    place = span.place
    memory = place.tag.data
    if place.type != BOOL:
        start = place.offset + span.offset
        memory[start : start + len(data)] = data
    elif place.bit is None:
        memory[place.offset] = 1 if any(data) else 0
    else:
        keep = memory[place.offset] & ~(1 << place.bit)
        memory[place.offset] = keep | (1 << place.bit if any(data) else 0)


def _written(span: Span) -> Value:
    place = span.place
    if place.type == DWORD:
        return decode_array(BOOL, 32 * span.count, place.tag.data, place.offset)
    if span.count > 1:
        return decode_array(place.type, span.count, place.tag.data, place.offset)
    return decode(place.type, place.tag.data, place.offset, place.bit)
