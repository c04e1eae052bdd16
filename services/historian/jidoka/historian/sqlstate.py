"""What a PostgreSQL error asks of the historian, by SQLSTATE class (PostgreSQL manual, appendix A)."""

from enum import StrEnum

import psycopg

_WAIT_CLASSES = {"08", "40", "53", "57", "58"}
_WAIT_STATES = {"55P03", "25006"}
_DATA_CLASSES = {"22", "23", "54"}
_STOP_CLASSES = {"42", "28", "3D", "3F"}


class Fate(StrEnum):
    """What to do about an error."""

    WAIT = "wait"
    DATA = "data"
    STOP = "stop"
    BUG = "bug"


class Refused(Exception):
    """PostgreSQL refuses the historian itself: a permission, a table or the login is missing.

    Dead-lettering here would drain the line's record into one table, so the historian stops instead.
    """


def fate(error: psycopg.Error) -> Fate:
    """Wait for the server, set the row aside, stop, or crash."""
    state = error.sqlstate
    if state is None:
        if isinstance(error, psycopg.DataError):
            return Fate.DATA
        return Fate.WAIT if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) else Fate.BUG
    if state in _WAIT_STATES or state[:2] in _WAIT_CLASSES:
        return Fate.WAIT
    if state[:2] in _DATA_CLASSES:
        return Fate.DATA
    return Fate.STOP if state[:2] in _STOP_CLASSES else Fate.BUG
