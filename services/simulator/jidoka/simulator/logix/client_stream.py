"""One client's TCP connection: frames off the stream, replies onto it, with the faults that are on."""

from __future__ import annotations

import asyncio

from jidoka.simulator.logix.encapsulation import HEADER, Frame
from jidoka.simulator.logix.reply_faults import Effect, ReplyFaults, Rule
from jidoka.simulator.logix.session import Outcome, Session


class ClientStream:
    """Serves one client until it leaves, is cut off by a fault, or breaks the protocol."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, session: Session, faults: ReplyFaults
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._session = session
        self._faults = faults

    async def serve(self) -> None:
        """Answer frame after frame; returns when the connection is over."""
        try:
            while await self._answer(self._session.handle(await self._read())):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._session.end()
            self._writer.close()

    async def _read(self) -> Frame:
        command, length, session, status, context, _ = HEADER.unpack(await self._reader.readexactly(HEADER.size))
        return Frame(command, session, status, context, await self._reader.readexactly(length))

    async def _answer(self, outcome: Outcome) -> bool:
        """Send what is due; False when the connection is to be closed."""
        if outcome.close or outcome.reply is None:
            return not outcome.close
        rules = [] if outcome.service is None else self._faults.effects(outcome.service)
        return await self._send(outcome.reply.encode(), rules)

    async def _send(self, data: bytes, rules: list[Rule]) -> bool:
        step, goes_on = len(data), True
        for rule in rules:
            match rule.effect:
                case Effect.DELAY:
                    await asyncio.sleep(rule.amount)
                case Effect.DROP:
                    return True
                case Effect.CLOSE_BEFORE:
                    return False
                case Effect.CLOSE_MIDWAY:
                    data, goes_on = data[: HEADER.size + (len(data) - HEADER.size) // 2], False
                case Effect.DRIBBLE:
                    step = int(rule.amount)
        for start in range(0, len(data), step):
            self._writer.write(data[start : start + step])
            await self._writer.drain()
            if step < len(data):
                await asyncio.sleep(0.001)  # lets the segment leave on its own
        return goes_on
