"""A simulated controller with many tags that move, in a process of its own: `python many_tags.py TAGS`.

Prints its port, then serves until its standard input ends. Half of the tags are DINT, a quarter REAL, a quarter BOOL.
"""

import itertools
import sys
from threading import Event, Thread

from jidoka.simulator.logix import BOOL, DINT, REAL, Controller

KINDS = itertools.cycle((DINT, REAL, DINT, BOOL))
MOVING = 20


def name(number: int) -> str:
    """The tag with that number."""
    return f"Bench_Tag_{number:05d}"


def main() -> None:
    """Serves."""
    count = int(sys.argv[1])
    plc = Controller(name="Bench")
    for number, kind in zip(range(count), KINDS, strict=False):
        plc.define(name(number), kind)
    done = Event()
    with plc.serve() as server:
        print(server.port, flush=True)
        mover = Thread(target=_move, args=(plc, count, done))
        mover.start()
        sys.stdin.read()
        done.set()
        mover.join()


def _move(plc: Controller, count: int, done: Event) -> None:
    """A few tags change every 100 ms, as the program of a controller would make them."""
    for round_ in itertools.count(1):
        for number in range(0, count, max(1, count // MOVING)):
            plc.memory.set(name(number), round_ % 1000)
        if done.wait(0.1):
            return


if __name__ == "__main__":
    main()
