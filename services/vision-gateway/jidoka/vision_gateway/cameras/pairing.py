"""Which exposure of a camera that is triggered by a wire belongs to which part. Pure; times in seconds."""

LEARNED_FROM = 3
REMEMBERED = 64


class Disagreement(ValueError):
    """The camera's count and the controller's do not fit the times at which they came."""


class Pairing:
    """Controller and camera count the same pulses: `number = counter + offset`, and both come within `window` seconds.

    A pulse that only one of them saw shifts all that follow by one. Then the times no longer fit, and no exposure is
    given to a part until the offset is right again: a given one stays; one that was learned is learned anew. Images
    that all come a takt late would teach a wrong one, so it is learned after a pause only: from the first part after
    `settle` seconds without part or image, if its image and those of two more parts agree. The window must be shorter
    than the takt, and `settle` longer than any image is under way.
    """

    def __init__(self, window: float, offset: int | None = None, settle: float = 2.0, since: float = 0.0) -> None:
        self._window, self._settle, self._since = window, settle, since
        self._fixed, self.offset = offset is not None, offset
        self._parts: dict[int, float] = {}
        self._exposures: dict[int, float] = {}

    def part(self, counter: int, at: float) -> None:
        """A part came."""
        _keep(self._parts, counter, at)

    def exposed(self, number: int, at: float) -> None:
        """The camera said the first time that it has made this exposure; what it says again is no news."""
        if number < max(self._exposures, default=0) - REMEMBERED:  # the camera counts from the start again
            self._exposures.clear()
        _keep(self._exposures, number, at)

    def number(self, counter: int, now: float) -> int | None:
        """The number of the part's exposure, None when it is not known yet. Raises Disagreement."""
        if self.offset is None:
            self._learn(now)
        if self.offset is None:
            return None
        number = counter + self.offset
        at = self._exposures.get(number)
        if at is None:
            return None
        apart = at - self._parts.get(counter, at)
        if abs(apart) <= self._window:
            return number
        if not self._fixed:
            self.offset, self._since = None, now
        raise Disagreement(f"exposure {number} came {apart:+.2f} s after part {counter}: a trigger too many or too few")

    def _learn(self, now: float) -> None:
        first = max((counter for counter in self._parts if self._after_pause(counter)), default=None)
        if first is None:
            return
        told = [self._alone(counter, now) for counter in self._parts if counter >= first]
        agreeing = {offset for offset in told if offset is not None}
        if told[0] is not None and len(agreeing) == 1 and len(told) - told.count(None) >= LEARNED_FROM:
            self.offset = told[0]

    def _after_pause(self, counter: int) -> bool:
        at = self._parts[counter]
        begun = at - self._settle
        parts = any(begun <= then < at for then in self._parts.values())
        images = any(begun <= then < at - self._window for then in self._exposures.values())
        return begun >= self._since and not parts and not images

    def _alone(self, counter: int, now: float) -> int | None:
        """The offset that this part tells: it and one exposure are alone with each other, and the window is over."""
        at = self._parts[counter]
        near = [number for number, then in self._exposures.items() if abs(then - at) <= self._window]
        if len(near) != 1 or now < at + self._window:
            return None
        then = self._exposures[near[0]]
        others = [other for other, here in self._parts.items() if abs(here - then) <= self._window]
        return near[0] - counter if len(others) == 1 else None


def _keep(times: dict[int, float], key: int, at: float) -> None:
    times.setdefault(key, at)
    while len(times) > REMEMBERED:
        del times[next(iter(times))]
