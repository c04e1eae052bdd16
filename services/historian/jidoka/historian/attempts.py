"""Which messages the process died over. A message that was being written at three deaths is poison."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from jidoka.historian.custody import content_hash
from jidoka.runtime.batch import Delivery
from jidoka.runtime.errors import TransientError

DEATHS = 3


class Attempts:
    """Two small files: what is being written now, and how often what was left there killed the process.

    The files are written without fsync: they tell a message that kills the process, not a power cut.
    """

    def __init__(self, folder: Path) -> None:
        self._working, self._deaths_file = folder / "working.json", folder / "deaths.json"
        self._deaths: dict[str, int] = _read(self._deaths_file)
        left = _read(self._working)
        if left:
            for content in left:
                self._deaths[content] = self._deaths.get(content, 0) + 1
            _write(self._deaths_file, self._deaths)
            self._working.unlink()

    @contextmanager
    def on(self, deliveries: Sequence[Delivery]) -> Iterator[None]:
        """While it is held, these are what the process would die over. An outage is no death."""
        _write(self._working, {_name(one): 1 for one in deliveries})
        try:
            yield
        except TransientError:
            self._working.unlink()
            raise
        self._working.unlink()
        self._survived(deliveries)

    def deaths(self, delivery: Delivery) -> int:
        """How often the process died while it wrote this."""
        return self._deaths.get(_name(delivery), 0) if self._deaths else 0

    def _survived(self, deliveries: Sequence[Delivery]) -> None:
        if self._deaths:
            names = {_name(one) for one in deliveries}
            self._deaths = {content: count for content, count in self._deaths.items() if content not in names}
            _write(self._deaths_file, self._deaths)


def _name(delivery: Delivery) -> str:
    custody = delivery.custody
    if custody is None:
        return str(content_hash(delivery.packet))
    return f"{custody.source}/{custody.stream.value}/{custody.epoch}/{custody.seq}"


def _read(path: Path) -> dict[str, int]:
    try:
        found: dict[str, int] = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def _write(path: Path, content: dict[str, int]) -> None:
    path.write_text(json.dumps(content))
