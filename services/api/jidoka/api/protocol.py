"""How uvicorn speaks here: HTTP whose heads must come in time, WebSockets that take finished frames."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HEAD_S = 10.0
FAREWELL_S = 2.0
WIRE = "jidoka.wire"
TEXT, BINARY = 0x81, 0x82


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection whose request line and headers are not whole in time: slow clients hold none for ever."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is due from now."""
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(HEAD_S, transport.close)

    def on_message_begin(self) -> None:
        """So is each later one, from its first byte."""
        super().on_message_begin()
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_S, self.transport.close)

    def on_headers_complete(self) -> None:
        """It came in time."""
        self._in_time()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        self._in_time()
        super().connection_lost(exc)

    def _in_time(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class WireProtocol(WebSocketsSansIOProtocol):
    """A WebSocket whose application may write frames that are bytes already.

    A server's frames are not masked, so one event is the same bytes for all clients: it is framed once, not once a
    client. That holds as long as nothing is compressed per client.
    """

    resumed: Callable[[], None] | None = None

    def handle_connect(self, event: Any) -> None:
        """Gives the wire to the application in the scope's extensions."""
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"][WIRE] = {"wire": self}

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        if self.resumed is not None:
            self.resumed()

    @property
    def blocked(self) -> bool:
        """Whether the client has not read what was written before."""
        return not self.writable.is_set()

    def write(self, frames: bytes) -> None:
        """Whole frames; nothing after the close."""
        if not (self.close_sent or self.disconnected or self.transport.is_closing()):
            self.transport.write(frames)

    def abandon(self) -> None:
        """Ends the connection although the client does not read: what waits for it is dropped soon."""
        self.loop.call_later(FAREWELL_S, self.transport.abort)


def wire_of(scope: Scope) -> WireProtocol:
    """The wire of a WebSocket's scope."""
    wire = scope["extensions"][WIRE]["wire"]
    assert isinstance(wire, WireProtocol)
    return wire


def framed(kind: int, payload: bytes) -> bytes:
    """One unmasked frame (RFC 6455, 5.2): `kind` is TEXT or BINARY."""
    size = len(payload)
    if size < 126:
        return bytes((kind, size)) + payload
    if size < 1 << 16:
        return bytes((kind, 126)) + size.to_bytes(2, "big") + payload
    return bytes((kind, 127)) + size.to_bytes(8, "big") + payload
