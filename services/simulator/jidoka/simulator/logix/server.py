"""The listening socket and the thread that serves a controller's clients (asyncio, TCP_NODELAY as asyncio sets it)."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any

from jidoka.simulator.logix.client_stream import ClientStream
from jidoka.simulator.logix.reply_faults import ReplyFaults
from jidoka.simulator.logix.session import Session

SessionFactory = Callable[[tuple[str, int]], Session]
ANSWER_TIME = 10.0


class Server:
    """Serves until closed; use it in a `with`. `host` and `port` are what it listens on."""

    def __init__(self, host: str, port: int, new_session: SessionFactory, faults: ReplyFaults) -> None:
        self._new_session = new_session
        self._faults = faults
        self._clients: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._listener: asyncio.Server | None = None
        # Bound here, not in the thread: a port in use is the caller's error.
        first = socket.create_server((host, port))
        self.host, self.port = first.getsockname()[:2]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"logix-{self.port}", daemon=True)
        self._thread.start()
        self._call(self._listen(first))

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, cut off all clients and end the thread. A second call does nothing."""
        if self._loop.is_closed():
            return
        self._call(self._stop_listening())
        self._call(self._drop_clients())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def stop_listening(self) -> None:
        """Refuse new TCP connections; those that are open go on."""
        self._call(self._stop_listening())

    def start_listening(self) -> None:
        """Accept connections again, on the same port. Raises OSError when it was taken meanwhile."""
        if self._listener is None:
            self._call(self._listen(socket.create_server((self.host, self.port))))

    def drop_clients(self) -> None:
        """Cut off every client without a farewell."""
        self._call(self._drop_clients())

    @property
    def clients(self) -> int:
        """Number of TCP connections now."""
        return len(self._clients)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_TIME)

    async def _listen(self, listener: socket.socket) -> None:
        self._listener = await asyncio.start_server(self._serve, sock=listener)

    async def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _drop_clients(self) -> None:
        await asyncio.sleep(0)  # lets a client that was just accepted register itself
        clients = dict(self._clients)
        for task, writer in clients.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients[task] = writer
        try:
            session = self._new_session(writer.get_extra_info("sockname")[:2])
            with suppress(asyncio.CancelledError):  # dropped by a fault hook or at the end; asyncio 3.11 would log it
                await ClientStream(reader, writer, session, self._faults).serve()
        finally:
            del self._clients[task]
