"""Our own access tokens: JWTs with one algorithm, two keys while secrets are changed."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt

from jidoka.api.problems import Problem

ALGORITHM = "HS256"
ISSUER, AUDIENCE = "jidoka", "jidoka-api"
LEEWAY_S = 10
REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti", "sid"]


def unauthorized(detail: str) -> Problem:
    """401 that tells a client to log in again."""
    return Problem(401, detail, {"WWW-Authenticate": 'Bearer error="invalid_token"'})


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says; role and lines are asked of the database."""

    user: UUID
    session: UUID
    expires_at: datetime


class TokenSigner:
    """Signs with the first secret, accepts all."""

    def __init__(self, secrets: list[str], seconds: int) -> None:
        self.seconds = seconds
        keys = [hashlib.sha256(b"jidoka access token\n" + secret.encode()).digest() for secret in secrets]
        self._keys = {hashlib.sha256(key).hexdigest()[:8]: key for key in keys}
        self._signing = next(iter(self._keys))

    def issue(self, user: UUID, session: UUID, now: datetime | None = None) -> tuple[str, datetime]:
        """A token and its end."""
        issued = now or datetime.now(UTC)
        expires = issued + timedelta(seconds=self.seconds)
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": str(user), "sid": str(session),
            "jti": str(uuid4()), "iat": issued, "exp": expires,
        }  # fmt: skip
        return jwt.encode(claims, self._keys[self._signing], ALGORITHM, {"kid": self._signing}), expires

    def read(self, token: str) -> Claims:
        """Raises Problem 401 for anything but a valid token of ours."""
        try:
            key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise unauthorized("the token was signed with a key that is no longer in use")
            claims = jwt.decode(
                token, key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, leeway=LEEWAY_S,
                options={"require": REQUIRED},
            )  # fmt: skip
            return Claims(UUID(claims["sub"]), UUID(claims["sid"]), datetime.fromtimestamp(claims["exp"], UTC))
        except jwt.ExpiredSignatureError as error:
            raise unauthorized("the token has expired") from error
        except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError, OverflowError, OSError) as error:
            raise unauthorized("the token is not valid") from error
