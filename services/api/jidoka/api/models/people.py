"""Logging in, users, audit."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, SecretStr, StrictBool, StringConstraints

from jidoka.api.models.base import Answer, Question
from jidoka.api.roles import UserRole

Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@\-]{0,63}$")]
Password = Annotated[SecretStr, Field(min_length=10, max_length=200)]


class Credentials(Question):
    """User name and password."""

    username: Username = Field(examples=["operator"])
    password: SecretStr = Field(max_length=200, examples=["operator"])


class RefreshRequest(Question):
    """The refresh token; browsers leave it out, theirs is in the cookie."""

    refresh_token: SecretStr | None = Field(default=None, max_length=200)


class Me(Answer):
    """Who is asking."""

    username: str
    role: UserRole
    anonymous: bool
    lines: list[str] | None = Field(default=None, description="`site/line` names, null is every line")
    expires_at: datetime | None = None


class Tokens(Answer):
    """A new access token, and the refresh token that may be used once."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int = Field(description="seconds", examples=[900])
    refresh_token: str
    user: Me


class Ticket(Answer):
    """A ticket for one WebSocket or one MJPEG stream."""

    ticket: str
    expires_in: int = Field(description="seconds", examples=[30])


class User(Answer):
    """A local user."""

    id: UUID
    username: str
    role: UserRole
    lines: list[str] | None = None
    disabled: bool
    created_at: datetime
    last_login_at: datetime | None = None


class NewUser(Question):
    """A user to make."""

    username: Username
    password: Password
    role: UserRole
    lines: list[Annotated[str, StringConstraints(pattern=r"^[^/\x00]{1,64}/[^/\x00]{1,64}$")]] | None = Field(
        default=None, max_length=100, examples=[["demo/line1"]]
    )


class UserChange(Question):
    """What is to change; fields left out stay."""

    password: Password | None = None
    role: UserRole = UserRole.VIEWER
    lines: list[Annotated[str, StringConstraints(pattern=r"^[^/\x00]{1,64}/[^/\x00]{1,64}$")]] | None = Field(
        default=None, max_length=100
    )
    disabled: StrictBool = False


class AuditEntry(Answer):
    """One change and who made it; `hash` covers the entry and the one before it."""

    id: int
    at: datetime
    actor: str
    address: str | None = None
    action: str = Field(examples=["alarm.acknowledge"])
    object: str
    detail: dict[str, Any]
    hash: str
