"""Settings of the API."""

import secrets
from pathlib import Path
from typing import ClassVar

from pydantic import Field, SecretStr

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import Settings

SHORTEST_SECRET = 32
WEAK = ("secret", "changeme", "change-me", "change_me", "password", "default", "example", "jidoka", "jwt")


class ApiSettings(Settings):
    """Environment of the API."""

    service: ClassVar[str] = "api"

    api_host: str = Field(default="127.0.0.1", description="address that the API listens on")
    api_port: int = Field(default=4000, ge=0, le=65535, description="port that the API and the page listen on")
    web_dir: Path = Field(default=Path("services/web/dist"), description="the built page; served at / when it is there")
    trusted_proxies: str = Field(default="", description="addresses whose X-Forwarded-For is believed, by commas")
    cors_origin: str = Field(default="", description="origins of other pages that may ask, by commas")
    jwt_secret: SecretStr | None = Field(default=None, description="signs access tokens; at least 32 characters")
    jwt_secret_previous: SecretStr | None = Field(default=None, description="still accepted while secrets are changed")
    access_token_s: int = Field(default=900, ge=30, le=900, description="life of an access token")
    session_timeout: int = Field(default=28800, ge=60, le=2592000, description="seconds a session lives unrefreshed")
    admin_password: SecretStr | None = Field(default=None, description="makes the user admin when there is no admin")
    demo_users: SecretStr | None = Field(default=None, description="name:password pairs by commas; MODE=sim only")
    oidc_issuer: str | None = Field(default=None, pattern=r"^https?://", description="an issuer whose tokens count")
    oidc_audience: str | None = Field(default=None, description="the audience its tokens must have")
    oidc_role_claim: str = Field(default="roles", description="claim that holds one of our roles")
    oidc_lines_claim: str = Field(default="lines", description="claim that lists `site/line`; absent: every line")
    api_rate_limit: str = Field(
        default="1200/minute", description="requests per user and address; a bare number: a minute"
    )
    login_rate_limit: str = Field(default="10/minute", description="log-ins per name and address")
    redis_url: SecretStr | None = Field(default=None, description="redis[s]://...: what replicas share; none: nothing")
    cache_ttl: int = Field(default=5, ge=0, le=3600, description="seconds that a KPI answer is kept")
    ws_max_connections: int = Field(default=1000, ge=1, le=100_000, description="WebSockets and MJPEG streams at once")
    action_timeout_s: float = Field(default=5.0, ge=0.1, le=60, description="longest wait for the historian's answer")
    statement_timeout_ms: int = Field(default=5000, ge=100, le=60_000, description="longest query")
    database_connections: int = Field(default=8, ge=1, le=100, description="connections for reading")

    def origins(self) -> tuple[str, ...]:
        """The other pages that may ask."""
        return tuple(origin.strip().rstrip("/") for origin in self.cors_origin.split(",") if origin.strip())

    def demo(self) -> list[tuple[str, str]]:
        """Demo users and their passwords. Raises ConfigError for a pair that is none."""
        if self.demo_users is None:
            return []
        pairs = [pair.strip().partition(":") for pair in self.demo_users.get_secret_value().split(",") if pair.strip()]
        if not all(name and password for name, _, password in pairs):
            raise ConfigError("DEMO_USERS is not a list of name:password pairs")
        return [(name, password) for name, _, password in pairs]


def check(settings: ApiSettings) -> None:
    """What may not run. Raises ConfigError."""
    if settings.database_url is None:
        raise ConfigError("DATABASE_URL is not set")
    if settings.oidc_issuer and not settings.oidc_audience:
        raise ConfigError("OIDC_AUDIENCE is not set, OIDC_ISSUER is")
    settings.demo()
    if settings.redis_url and not settings.redis_url.get_secret_value().startswith(("redis://", "rediss://")):
        raise ConfigError("REDIS_URL does not begin with redis:// or rediss://")
    if settings.mode == "sim":
        return
    if settings.demo_users is not None:
        raise ConfigError("DEMO_USERS is for MODE=sim only")
    if settings.jwt_secret is None:
        raise ConfigError("JWT_SECRET is not set, MODE=live needs one")
    for name, secret in (("JWT_SECRET", settings.jwt_secret), ("JWT_SECRET_PREVIOUS", settings.jwt_secret_previous)):
        if secret is not None:
            _check_secret(name, secret.get_secret_value())


def signing_secrets(settings: ApiSettings) -> list[str]:
    """The secret that signs, then the one that is still accepted; MODE=sim makes one up when there is none."""
    given = [secret.get_secret_value() for secret in (settings.jwt_secret, settings.jwt_secret_previous) if secret]
    return given or [secrets.token_hex(32)]


def _check_secret(name: str, secret: str) -> None:
    if len(secret.encode()) < SHORTEST_SECRET:
        raise ConfigError(f"{name} is shorter than {SHORTEST_SECRET} bytes")
    bare = secret.lower()
    for word in WEAK:
        bare = bare.replace(word, "")
    if len(set(bare)) < 8:
        raise ConfigError(f"{name} is a default or can be guessed; make one with: openssl rand -hex 32")
