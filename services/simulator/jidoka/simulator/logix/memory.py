"""The controller's memory as the program beside it sees it: thread-safe reads and writes by path."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from jidoka.simulator.logix.address import AddressError, Location, locate_text
from jidoka.simulator.logix.codec import Value, decode, decode_array, encode, encode_array
from jidoka.simulator.logix.tags import TagTable

Result = TypeVar("Result")
WriteListener = Callable[[str, Value], None]


class Memory:
    """Values by path, e.g. `AOI1.Parts[3].Serial`. Unknown paths raise KeyError, values that do not fit ValueError."""

    def __init__(self, table: TagTable) -> None:
        self._table = table
        self._lock = threading.RLock()
        self._listeners: tuple[WriteListener, ...] = ()
        self._written: list[tuple[str, Value]] = []

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Hold off client requests: what is read and written inside is one step to them.

        A client's single request is one step too; the requests inside one Multiple Service Packet are several.
        """
        with self._lock:
            yield

    def get(self, path: str) -> Value:
        """The value at `path`: bool, int, float, str, a dict for a structure, a flat list for an array."""
        with self._lock:
            return read_location(self._locate(path))

    def set(self, path: str, value: Value) -> None:
        """Write `value` at `path`, wholly or not at all. A dict may name some members, a list the first elements."""
        with self._lock:
            place = self._locate(path)
            data = bytearray(place.tag.data)
            try:
                if place.dims:
                    encode_array(place.type, place.left, data, place.offset, value)
                else:
                    encode(place.type, data, place.offset, value, place.bit)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from error
            place.tag.data[:] = data

    def subscribe(self, listener: WriteListener) -> None:
        """Call `listener(path, value)` after each client write, in the server's thread; it must not raise or block."""
        self._listeners = (*self._listeners, listener)

    def client_request(self, work: Callable[[], Result]) -> Result:
        """Do `work` as the step of one client request; listeners are told of its writes when the lock is free again."""
        with self._lock:
            result = work()
            written, self._written = self._written, []
        for path, value in written:
            for listener in self._listeners:
                listener(path, value)
        return result

    def announce(self, path: str, value: Value) -> None:
        """Note a client's write for the listeners."""
        if self._listeners:
            self._written.append((path, value))

    def _locate(self, path: str) -> Location:
        try:
            return locate_text(self._table, path)
        except AddressError as error:
            raise KeyError(error.text) from error


def read_location(place: Location) -> Value:
    """The Python value of a located place: a list when it names a whole array."""
    if place.dims:
        return decode_array(place.type, place.left, place.tag.data, place.offset)
    return decode(place.type, place.tag.data, place.offset, place.bit)
