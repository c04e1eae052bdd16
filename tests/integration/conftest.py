"""One running line for all integration tests."""

from collections.abc import Iterator

import pytest
from line_stack import Stack, line_stack


@pytest.fixture(scope="session")
def line() -> Iterator[Stack]:
    """The demo line with 400 ms between parts."""
    with line_stack() as stack:
        yield stack
