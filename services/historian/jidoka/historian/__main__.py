"""`python -m jidoka.historian [run | migrate | dead-letters ...]`."""

import sys

from jidoka.historian.dead_letter_command import dead_letters
from jidoka.historian.run import migrate_only, record
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.service import run


def main() -> None:
    """The historian, or one of its commands."""
    command, *rest = sys.argv[1:] or ["run"]
    match command:
        case "run":
            record()
        case "migrate":
            migrate_only()
        case "dead-letters":
            dead_letters(rest)
        case _:
            raise ConfigError(f"{command}: the commands are run, migrate, dead-letters")


if __name__ == "__main__":
    run(main)
