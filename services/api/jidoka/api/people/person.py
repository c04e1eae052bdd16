"""One who asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from jidoka.api.roles import UserRole


@dataclass(frozen=True, slots=True)
class Person:
    """A person or program whose token was checked; `lines` None means every line, `session` None no local session."""

    subject: str
    username: str
    role: UserRole
    lines: tuple[str, ...] | None = None
    session: UUID | None = None
    expires_at: datetime | None = None

    @property
    def anonymous(self) -> bool:
        """Whether nobody logged in."""
        return self.subject == ANONYMOUS_SUBJECT

    def may_see(self, line: str) -> bool:
        """Whether the line (`site/line`) is one of theirs."""
        return self.lines is None or line in self.lines

    def dump(self) -> dict[str, Any]:
        """JSON for a ticket."""
        return {
            "subject": self.subject,
            "username": self.username,
            "role": self.role.value,
            "lines": self.lines,
            "session": str(self.session) if self.session else None,
            "expires_at": self.expires_at.isoformat() if self.expires_at else None,
        }

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> Self:
        """From `dump`."""
        lines, session, expires = dumped["lines"], dumped["session"], dumped["expires_at"]
        return cls(
            dumped["subject"],
            dumped["username"],
            UserRole(dumped["role"]),
            None if lines is None else tuple(lines),
            UUID(session) if session else None,
            datetime.fromisoformat(expires) if expires else None,
        )


ANONYMOUS_SUBJECT = "anonymous"
ANONYMOUS = Person(ANONYMOUS_SUBJECT, "anonymous", UserRole.VIEWER)
