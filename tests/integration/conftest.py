"""One running line for all integration tests."""

from collections.abc import Iterator

import pytest
from engine import containers_wanted, images
from line_stack import Stack, line_stack


def pytest_report_header() -> str:
    """Which broker and database the line gets."""
    servers = ", ".join(images().values()) if containers_wanted() else "programs of this machine"
    return f"line under test: {servers}"


@pytest.fixture(scope="session")
def line() -> Iterator[Stack]:
    """The demo line with 400 ms between parts."""
    with line_stack(in_containers=containers_wanted()) as stack:
        yield stack
