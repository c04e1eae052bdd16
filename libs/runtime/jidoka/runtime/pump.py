"""The thread that runs the sender: woken at once when there is something to send, else once a second."""

import threading

from jidoka.runtime.errors import TransientError
from jidoka.runtime.logs import log
from jidoka.runtime.sender import Sender


class Pump:
    """Dies only by a bug, which `alive` then tells; a failing disk is waited out."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._changed = threading.Condition()
        self._woken = self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        sender.woken = self.wake

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and waits for it."""
        self._stopping = True
        self.wake()
        self._thread.join()

    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def wake(self) -> None:
        """Something is to be done. Thread safe."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def _run(self) -> None:
        failing = False
        while not self._stopping:
            try:
                wait = self._sender.step()
                failing = False
            except TransientError as error:
                if not failing:
                    log.error("sender_waiting", reason=str(error))
                failing, wait = True, 1.0
            self._pause(wait, deaf=failing)

    def _pause(self, seconds: float, *, deaf: bool) -> None:
        with self._changed:
            if deaf or not self._woken:
                self._changed.wait(seconds)
            self._woken = False
