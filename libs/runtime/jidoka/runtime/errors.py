"""The two kinds of error that a service knows; anything else is a bug and ends the process."""


class ConfigError(Exception):
    """A setting or a line of configuration is wrong: one readable line, exit code 2."""


class TransientError(Exception):
    """Something outside is away for a while: wait with back-off and do it again."""


class OutboxFull(TransientError):
    """The outbox has no room for a record that may not be dropped. Nothing was written."""


class JournalUnavailable(TransientError):
    """The journal's disk is full, failing or locked. Nothing was written."""
