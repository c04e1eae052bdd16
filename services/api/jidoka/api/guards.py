"""What stands around every request: bounds on its body, security headers, measurement."""

import asyncio
import time

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jidoka.api.metrics import REQUEST_SECONDS, REQUESTS
from jidoka.api.problems import Problem, response

MAX_BODY = 64 * 1024
BODY_S = 10.0
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guards:
    """ASGI middleware. In MODE=live it adds Strict-Transport-Security."""

    def __init__(self, app: ASGIApp, strict_transport: bool) -> None:
        self._app = app
        self._headers = dict(HEADERS)
        if strict_transport:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes WebSockets on as they are."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._start(scope, message, started)
            await send(message)

        if _announced(scope) > MAX_BODY:
            await response(_too_large())(scope, receive, guarded)
            return
        await self._app(scope, _bounded(receive), guarded)

    def _start(self, scope: Scope, message: Message, started: float) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        if scope["path"].startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")
        operation = getattr(scope.get("endpoint"), "__name__", "other")
        REQUESTS.labels(operation, message["status"]).inc()
        REQUEST_SECONDS.labels(operation).observe(time.perf_counter() - started)


def _announced(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else 0


def _too_large() -> Problem:
    return Problem(413, f"a body has at most {MAX_BODY} bytes", {"Connection": "close"})


def _bounded(receive: Receive) -> Receive:
    size, whole = 0, False

    async def bounded() -> Message:
        nonlocal size, whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout(BODY_S):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "the body took too long", {"Connection": "close"}) from None
        size += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if size > MAX_BODY:
            raise HTTPException(413, _too_large().detail, {"Connection": "close"})
        return message

    return bounded
