"""A stop request that a signal handler may make."""

import os
import select


class StopRequest:
    """Like threading.Event, of which `set` can deadlock when a signal handler calls it: a flag and a pipe."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._poll = select.poll()
        self._poll.register(self._reader, select.POLLIN)
        self._made = False

    def make(self) -> None:
        """Asks to stop. Callable from a signal handler and from any thread, more than once."""
        if not self._made:
            self._made = True
            os.write(self._writer, b"x")

    def made(self) -> bool:
        """Whether somebody asked to stop."""
        return self._made

    def wait(self, seconds: float) -> bool:
        """Waits for the request at most that long; returns whether it was made."""
        if not self._made:
            self._poll.poll(max(0.0, seconds) * 1000)
        return self._made

    def close(self) -> None:
        """Gives the pipe back, once the request is made."""
        os.close(self._reader)
        os.close(self._writer)
