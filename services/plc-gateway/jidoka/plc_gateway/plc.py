"""The one door to pycomm3: connections that are thrown away at the first doubt.

pycomm3 1.2.16 does not notice a late reply, loops for ever when the peer closes in mid-frame, ignores the type that
the controller answers with and keeps instance numbers that a program download changed. So: the socket has a deadline
per frame, every reply must carry the sequence count and service of its request and the uploaded type, tags are
addressed by name, and after any error the connection is closed and a new one is built, tag list and all.
"""

# mypy: disable-error-code="no-untyped-call"
# pycomm3 is typed in part.

import logging
import socket
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from pycomm3 import DataTypes, LogixDriver
from pycomm3.exceptions import CommError, PycommError
from pycomm3.packets.logix import (
    MultiServiceRequestPacket,
    ReadTagFragmentedRequestPacket,
    ReadTagFragmentedResponsePacket,
)
from pycomm3.socket_ import Socket
from pycomm3.tag import Tag

from jidoka.plc_gateway.catalogue import Catalogue
from jidoka.plc_gateway.frames import HEADER, match, status_text
from jidoka.plc_gateway.link import Address, LinkError, Reading, RefusedWrite, explain
from jidoka.runtime.logs import log

# pycomm3 logs a traceback for every error that it raises anyway.
logging.getLogger("pycomm3").setLevel(logging.CRITICAL + 1)

_SUCCESS = 0x00
_PARTIAL = 0x06
_PREPARED = 512
_STRUCT = b"\xa0\x02"
# What pycomm3 lets escape on answers that it did not expect, besides its own exceptions.
_BROKEN = (PycommError, OSError, struct.error, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class _Wire(Socket):
    """A socket whose every reply is a whole frame within the deadline, or an error."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.connect_timeout)
        self._patience = address.request_timeout
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connect(self, host: str, port: int) -> None:
        self.sock.connect((socket.gethostbyname(host), port))
        self.sock.settimeout(self._patience)

    def receive(self, timeout: float = 0) -> bytes:
        deadline = time.monotonic() + (timeout or self._patience)
        head = self._exactly(HEADER, deadline)
        return head + self._exactly(int.from_bytes(head[2:4], "little"), deadline)

    def _exactly(self, count: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise CommError("no whole reply in time")
            self.sock.settimeout(left)
            try:
                piece = self.sock.recv(count - len(data))
            except TimeoutError as error:
                raise CommError("no whole reply in time") from error
            if not piece:
                raise CommError("the controller closed the connection")
            data += piece
        self.sock.settimeout(self._patience)
        return bytes(data)


class _Driver(LogixDriver):
    """pycomm3's driver with replies matched to requests, tags by name, types checked, and status in plain words."""

    def __init__(self, address: Address) -> None:
        super().__init__(f"{address.host}/{address.slot}")
        self._sock = _Wire(address)
        self._request = b""
        self._parsed: dict[tuple[str, ...], dict[int, Any]] = {}
        self._groups: dict[int, list[Any]] = {}

    def _send(self, message: bytes) -> None:
        self._request = message
        super()._send(message)

    def _receive(self) -> bytes:
        reply: bytes = super()._receive()
        match(self._request, reply)
        return reply

    def _initialize_driver(self, *args: Any, **kwargs: Any) -> None:
        super()._initialize_driver(*args, **kwargs)
        self._cfg["use_instance_ids"] = False

    def get_tag_list(self, *args: Any, **kwargs: Any) -> Any:
        self._parsed, self._groups = {}, {}
        return super().get_tag_list(*args, **kwargs)

    def _parse_requested_tags(self, tags: Iterable[str], rw: str = "r") -> dict[int, Any]:
        """Parsed once for the same tags in the same order: parsing costs as much as reading."""
        if rw != "r":
            return dict(super()._parse_requested_tags(tags, rw))
        key = tuple(tags)
        if key not in self._parsed:
            if len(self._parsed) >= _PREPARED:
                self._parsed, self._groups = {}, {}
            self._parsed[key] = super()._parse_requested_tags(key, rw)
        return self._parsed[key]

    def _read_build_multi_requests(self, parsed_tags: dict[int, Any]) -> list[Any]:
        """The same groups again in new packets: a packet has its sequence count, the services in it have none."""
        if id(parsed_tags) not in self._groups:
            self._groups[id(parsed_tags)] = super()._read_build_multi_requests(parsed_tags)
        return [self._renewed(request) for request in self._groups[id(parsed_tags)]]

    def write_then_read(self, values: Sequence[tuple[str, int]], asks: Sequence[str]) -> list[Tag]:
        """All writes, then all reads, as services of one request, which a controller carries out in their order."""
        parsed = self._parse_requested_tags([path for path, _ in values], "w")
        for index, (_, value) in enumerate(values):
            parsed[index]["value"] = value
        packets = [
            *self._write_build_requests(parsed),
            *self._read_build_multi_requests(self._parse_requested_tags(asks)),
        ]
        services = [service for packet in packets if packet.type_ == "multi" for service in packet.requests]
        if len(services) != len(values) + len(asks):
            raise CommError("not one request for each tag")
        for index, service in enumerate(services[: len(values)]):
            service.request_id = len(asks) + index
        answers = self._send_requests([MultiServiceRequestPacket(self._sequence, services)])
        return [answers[index] for index in range(len(services))]

    def _renewed(self, request: Any) -> Any:
        if isinstance(request, MultiServiceRequestPacket):
            return MultiServiceRequestPacket(self._sequence, request.requests)
        return ReadTagFragmentedRequestPacket.from_request(self._sequence, request)

    def _send_requests(self, requests: Iterable[Any]) -> dict[int, Tag]:
        results: dict[int, Tag] = {}
        for request in requests:
            response = self.send(request)
            parts = response.responses if request.type_ == "multi" else [response]
            if request.type_ == "multi" and len(parts) != len(request.requests):
                raise CommError("the reply to several services has another number of parts")
            results.update((part.request.request_id, _tag(part)) for part in parts)
        return results


def _tag(response: Any) -> Tag:
    request = response.request
    if response.raw is None:
        return Tag(request.tag, None, None, str(request.error or response._error or "no reply"))
    if response.service_status not in (_SUCCESS, _PARTIAL):
        return Tag(request.tag, None, None, status_text(response.raw))
    if request.type_ == "write":
        return Tag(request.tag, request.value, request.data_type, None)
    _check_type(request, response)
    if response.value is None:
        raise CommError(f"{request.tag}: the reply cannot be decoded: {response._error}")
    return Tag(request.tag, response.value, response.data_type, None)


def _check_type(request: Any, response: Any) -> None:
    """A program download may change a type under an open connection; the reply says of which type it is."""
    info = request.tag_info
    if "reply_type" not in info:
        info["reply_type"] = _reply_type(info)
    expected = info["reply_type"]
    given: Any = response._data_type if isinstance(response, ReadTagFragmentedResponsePacket) else response.data
    if given[: len(expected)] != expected:
        raise CommError(f"{request.tag}: the controller's type is no longer {info['data_type_name']}")


def _reply_type(info: Mapping[str, Any]) -> bytes:
    if info["tag_type"] == "struct":
        return _STRUCT + struct.pack("<H", info["data_type"]["template"]["structure_handle"])
    return struct.pack("<H", DataTypes[info["data_type"]].code) if info["data_type"] in DataTypes else b""


class Reader:
    """One connection for one thread, from `with` to the first error. It cannot write."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._driver: _Driver | None = None
        self.catalogue = Catalogue({})
        self.identity: Mapping[str, Any] = {}

    def __enter__(self) -> Self:
        """Connect and upload the tag list. Raises LinkError, WrongAddress."""
        driver = None
        try:
            driver = _Driver(self._address)
            if not driver.open():
                raise CommError("the controller refused the session")
        except _BROKEN as error:
            if driver is not None:
                _drop(driver)
            raise explain(error) from error
        self._driver, self.catalogue, self.identity = driver, Catalogue(driver.tags), driver.info
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        driver, self._driver = self._driver, None
        if driver is not None and not isinstance(error, LinkError):
            _goodbye(driver)
        elif driver is not None:
            _drop(driver)

    def read(self, asks: Sequence[str]) -> list[Reading]:
        """The tags in the order asked, in as few requests as fit; bad ones with their reason. Raises LinkError."""
        if not asks:
            return []
        return [_reading(tag) for tag in self._call("read", *asks)]

    def refresh(self) -> None:
        """Upload the tag list again, after a program download. Raises LinkError."""
        self._call("get_tag_list", "*")
        if self._driver is not None:
            self.catalogue = Catalogue(self._driver.tags)

    def status(self) -> int:
        """The status word of the controller's identity, asked now. Raises LinkError."""
        return int.from_bytes(self._call("get_plc_info")["status"], "little")

    def _call(self, verb: str, *arguments: Any) -> Any:
        if self._driver is None:
            raise LinkError("not connected")
        try:
            answer = getattr(self._driver, verb)(*arguments)
        except _BROKEN as error:
            _drop(self._driver)
            self._driver = None
            raise explain(error) from error
        return [answer] if isinstance(answer, Tag) else answer


class Writer(Reader):
    """A connection that may also write, to the tags of its allow-list and to no other."""

    def __init__(self, address: Address, allowed: frozenset[str]) -> None:
        super().__init__(address)
        self._allowed = allowed

    def write(self, values: Sequence[tuple[str, int | bool]]) -> list[str | None]:
        """Write all in one Multiple Service request, in order; per tag None or why it was refused.

        Raises RefusedWrite before anything is sent when one tag is not on the allow-list; LinkError.
        """
        self._guard(values)
        # pycomm3 sends the request of a lone write twice in one frame, which strict targets refuse.
        doubled = [*values, values[-1]] if len(values) == 1 else values
        return [tag.error for tag in self._call("write", *doubled)][: len(values)]

    def write_and_read(
        self, values: Sequence[tuple[str, int]], asks: Sequence[str]
    ) -> tuple[list[str | None], list[Reading]]:
        """`write`, and what the controller has at `asks` after it, in one request: at least two tags each.

        Raises as `write` does.
        """
        self._guard(values)
        answers = self._call("write_then_read", values, asks)
        return [tag.error for tag in answers[len(asks) :]], [_reading(tag) for tag in answers[: len(asks)]]

    def _guard(self, values: Sequence[tuple[str, int | bool]]) -> None:
        for path, value in values:
            if path not in self._allowed:
                log.error("write_refused", tag=path, value=value)
                raise RefusedWrite(f"{path} is not on the write allow-list")


def _reading(tag: Tag) -> Reading:
    return Reading(tag.value) if tag.error is None else Reading(None, tag.error)


def _drop(driver: _Driver) -> None:
    """Close the socket without a word: the controller drops the connection with it."""
    if driver._sock is not None:
        driver._sock.close()


def _goodbye(driver: _Driver) -> None:
    try:
        driver.close()
    except _BROKEN:
        _drop(driver)
