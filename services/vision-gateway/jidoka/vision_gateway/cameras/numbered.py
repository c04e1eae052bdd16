"""The number that a file's name carries."""

import re


def number_in(pattern: re.Pattern[str], name: str) -> int | None:
    """The group `counter` of the pattern in the name; None where it does not match or is no number."""
    found = pattern.search(name)
    text = found["counter"] if found else None
    return int(text) if text and text.isdecimal() else None
