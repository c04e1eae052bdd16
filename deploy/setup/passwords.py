"""mosquitto's password file."""

import base64
import hashlib
import hmac
import os

ROUNDS = 20_000  # the passwords have 256 random bits; reconnecting services should not wait for more


def broker_lines(text: str) -> dict[str, str]:
    """Log-in to its line's rest, of a password file."""
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def broker_line(login: str, password: str, before: dict[str, str]) -> str:
    """The login's line; the one it had when that is right, so that nothing changes without need."""
    had = before.get(login, "")
    rest = had if _fits(had, password) else _hashed(password, os.urandom(12))
    return f"{login}:{rest}\n"


def _fits(rest: str, password: str) -> bool:
    fields = rest.split("$")
    if len(fields) != 5:
        return False
    return hmac.compare_digest(rest, _hashed(password, base64.b64decode(fields[3])))


def _hashed(password: str, salt: bytes) -> str:
    """Format 7: PBKDF2 with SHA-512."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
