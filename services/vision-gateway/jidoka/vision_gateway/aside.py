"""One more thread for short work beside the caller's own, on another core."""

import ctypes
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")
_current_core: Callable[[], int] = ctypes.CDLL(None).sched_getcpu


class Aside:
    """Runs a call beside its only caller.

    In a virtual machine Linux takes a core that sleeps for one that the host took away, and starts the woken thread on
    the waker's core, where it stops the waker for as long as it runs. So it is told each time where not to run.
    """

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._thread = self._pool.submit(threading.get_native_id).result()
        self._cores, self._barred = os.sched_getaffinity(0), -1

    def submit(self, call: Callable[[Given], Result], given: Given) -> Future[Result]:
        """Begin the call."""
        core = _current_core()
        if core != self._barred and (elsewhere := self._cores - {core}):
            with suppress(OSError):  # a container may have lost cores since, or may not say
                os.sched_setaffinity(self._thread, elsewhere)
                self._barred = core
        return self._pool.submit(call, given)

    def close(self) -> None:
        """End the thread after the call in progress."""
        self._pool.shutdown()
