"""A person's action: out as a record, back as the historian's outcome."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from jidoka.api.metrics import ACTIONS
from jidoka.api.problems import Problem, Unavailable
from jidoka.runtime.errors import TransientError
from jidoka.schemas import Action, ActionOutcome


class Actions:
    """Waits for outcomes by action id. The same action may be sent again under its id; it is applied once."""

    def __init__(self, publish: Callable[[Action], None], connected: Callable[[], bool], timeout_s: float) -> None:
        self._publish, self._connected, self._timeout_s = publish, connected, timeout_s
        self._waiting: dict[UUID, list[asyncio.Future[ActionOutcome]]] = {}

    def answered(self, outcome: ActionOutcome) -> None:
        """The historian's word."""
        for waiting in self._waiting.pop(outcome.action_id, []):
            if not waiting.done():
                waiting.set_result(outcome)

    async def perform(self, action: Action) -> ActionOutcome:
        """The outcome of an applied action.

        Raises Problem 409 when another person was first, 504 when no answer came in time, Unavailable without a broker.
        """
        kind = type(action).__name__
        if not self._connected():
            raise Unavailable("the broker does not answer: nothing was done")
        waiting: asyncio.Future[ActionOutcome] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(action.action_id, []).append(waiting)
        try:
            await asyncio.to_thread(self._publish, action)
            async with asyncio.timeout(self._timeout_s):
                outcome = await waiting
        except TransientError as error:
            raise Unavailable(f"the action cannot be kept: {error}") from error
        except TimeoutError as error:
            ACTIONS.labels(kind, "unanswered").inc()
            detail = "the historian has not answered yet; ask again with the same Idempotency-Key"
            raise Problem(504, detail, {"Retry-After": "2"}) from error
        finally:
            self._forget(action.action_id, waiting)
        ACTIONS.labels(kind, "applied" if outcome.applied else "refused").inc()
        if not outcome.applied:
            detail = outcome.reason or "somebody else was first"
            raise Problem(409, detail, by=outcome.by, at=(outcome.first_at or outcome.at).isoformat())
        return outcome

    def _forget(self, action_id: UUID, waiting: asyncio.Future[ActionOutcome]) -> None:
        others = [other for other in self._waiting.pop(action_id, []) if other is not waiting]
        if others:
            self._waiting[action_id] = others
