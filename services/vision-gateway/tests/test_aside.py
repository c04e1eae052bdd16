import os
from collections.abc import Iterator
from contextlib import closing

import pytest

from jidoka.vision_gateway.aside import Aside


@pytest.fixture
def cores() -> Iterator[set[int]]:
    allowed = os.sched_getaffinity(0)
    yield allowed
    os.sched_setaffinity(0, allowed)


def test_a_call_runs_where_the_caller_does_not(cores: set[int]) -> None:
    with closing(Aside("test")) as aside:
        for core in sorted(cores):
            os.sched_setaffinity(0, {core})
            assert aside.submit(os.sched_getaffinity, 0).result() == (cores - {core} or cores)


def test_on_one_core_both_run_there(cores: set[int]) -> None:
    one = {min(cores)}
    os.sched_setaffinity(0, one)
    with closing(Aside("test")) as aside:
        assert aside.submit(os.sched_getaffinity, 0).result() == one
