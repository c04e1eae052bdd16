"""Tokens of another issuer: its keys by JWKS, its claims mapped to a role and lines."""

import asyncio
import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

import jwt
from jwt import PyJWKClient
from jwt.exceptions import PyJWKClientConnectionError, PyJWKClientError

from jidoka.api.people.person import Person
from jidoka.api.people.tokens import unauthorized
from jidoka.api.problems import Problem, Unavailable
from jidoka.api.roles import UserRole

ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
LEEWAY_S = 30
TIMEOUT_S = 5
MAX_DOCUMENT = 1 << 20


class OidcIssuer:
    """Checks access tokens of one issuer. Its keys are asked for every 5 minutes, and for an unknown key id."""

    def __init__(self, issuer: str, audience: str, role_claim: str, lines_claim: str) -> None:
        self.issuer, self._audience = issuer, audience
        self._role_claim, self._lines_claim = role_claim, lines_claim
        self._keys: PyJWKClient | None = None

    def issued(self, token: str) -> bool:
        """Whether the token says that it is from this issuer; nothing is checked yet."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            return False
        return claims.get("iss") == self.issuer

    async def person(self, token: str) -> Person:
        """Raises Problem 401, 403 for a token without one of our roles, and Unavailable while the issuer is away."""
        try:
            claims = await asyncio.to_thread(self._claims, token)
        except (PyJWKClientConnectionError, urllib.error.URLError, TimeoutError) as error:
            raise Unavailable("the issuer of the token does not answer", 5) from error
        except (jwt.InvalidTokenError, PyJWKClientError, ValueError, TypeError, KeyError) as error:
            raise unauthorized("the token is not valid") from error
        lines = claims.get(self._lines_claim)
        name = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
        return Person(
            f"oidc:{claims['sub']}",
            name[:200],
            self._role(claims),
            tuple(map(str, lines)) if isinstance(lines, list) else None,
            None,
            datetime.fromtimestamp(claims["exp"], UTC),
        )

    def _claims(self, token: str) -> dict[str, Any]:
        if self._keys is None:
            self._keys = PyJWKClient(
                self._jwks_uri(), cache_keys=False, lifespan=300, timeout=TIMEOUT_S, cooldown_duration=5
            )
        key = self._keys.get_signing_key_from_jwt(token)
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=ALGORITHMS, audience=self._audience, issuer=self.issuer, leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )  # fmt: skip
        return claims

    def _jwks_uri(self) -> str:
        url = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - the setting allows http and https only
            document = json.loads(answer.read(MAX_DOCUMENT))
        uri = str(document["jwks_uri"])
        if document["issuer"] != self.issuer or not uri.startswith(("https://", "http://")):
            raise ValueError("the issuer's configuration is another issuer's")
        return uri

    def _role(self, claims: dict[str, Any]) -> UserRole:
        given = claims.get(self._role_claim, [])
        names = {given} if isinstance(given, str) else set(map(str, given)) if isinstance(given, list) else set()
        held = [role for role in UserRole if role.value in names]
        if not held:
            raise Problem(403, f"the token's {self._role_claim} has none of our roles")
        return held[-1]
