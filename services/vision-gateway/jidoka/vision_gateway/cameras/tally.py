"""Triggers sent against exposures counted, for a controller that is told to expose. Pure; times in seconds."""

MOST_OPEN = 3
ORPHANED = 60.0


class Tally:
    """The controller numbers its exposures one by one, so a number proves whose it is only when all add up.

    With n triggers open behind the last number agreed upon, number `agreed + i` belongs to the i-th of them if, and
    only if, `agreed + n` has been seen: else one of them was not carried out, and nobody knows which. Anything that
    does not add up is `doubtful` and ends by a reset of the controller's count. Numbers of before a reset whose image
    never came are orphans: an image with such a number may be the old one, so for a minute it proves nothing.
    """

    def __init__(self) -> None:
        self._cameras: set[int] = set()
        self.agreed = 0
        self._open = 0
        self._seen = 0
        self._beyond = False
        self._missing: set[tuple[int, int]] = set()
        self._burned: set[tuple[int, int]] = set()
        self._orphans: dict[tuple[int, int], float] = {}

    def watch(self, camera: int) -> None:
        """Images of this camera are expected."""
        self._cameras.add(camera)

    def reset(self, now: float) -> None:
        """The controller counts from 0 again."""
        self._orphans = {key: at for key, at in self._orphans.items() if now - at < ORPHANED}
        self._orphans |= dict.fromkeys(self._missing, now)
        self.agreed = self._open = self._seen = 0
        self._beyond = False
        self._missing.clear()
        self._burned.clear()

    def triggered(self) -> int:
        """A trigger is sent; the number that its exposure has if everything is in order."""
        self._open += 1
        number = self.agreed + self._open
        keys = {(camera, number) for camera in self._cameras}
        self._missing |= keys
        self._burned |= keys & self._orphans.keys()
        return number

    def refused(self) -> None:
        """The controller did not carry out the last trigger."""
        number = self.agreed + self._open
        self._open -= 1
        for camera in self._cameras:
            self._missing.discard((camera, number))

    def seen(self, camera: int, number: int) -> bool:
        """An image with that number has come; whether it may be somebody's."""
        key = camera, number
        expected = key in self._missing
        self._missing.discard(key)
        if key in self._orphans or key in self._burned:
            if not expected:
                self._orphans.pop(key, None)
            return False
        last = self.agreed + self._open
        if number == last:
            self.agreed, self._open = number, 0
        self._beyond = self._beyond or number > last
        self._seen = max(self._seen, number)
        return expected

    def proven(self, camera: int, number: int) -> bool:
        """Whether the image with that number is that of the trigger which was given it."""
        return not self._beyond and number <= self.agreed and (camera, number) not in self._burned

    def doubtful(self) -> bool:
        """Whether the count has to be reset before the next trigger."""
        return self._beyond or self._seen > self.agreed or self._unexplained() >= MOST_OPEN

    def _unexplained(self) -> int:
        """Open triggers whose image would have proven something."""
        numbers = range(self.agreed + 1, self.agreed + self._open + 1)
        return sum(all((camera, number) not in self._burned for camera in self._cameras) for number in numbers)
