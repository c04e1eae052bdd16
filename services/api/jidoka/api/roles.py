"""What a person may do."""

from enum import StrEnum


class UserRole(StrEnum):
    """Each role may do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ENGINEER = "engineer"
    ADMIN = "admin"

    def includes(self, other: "UserRole") -> bool:
        """Whether this role may do what the other may."""
        order = list(UserRole)
        return order.index(self) >= order.index(other)
