"""What a transaction means for the world outside, carried out only after it is committed."""

from dataclasses import dataclass, field

from jidoka.historian.clock import Fact
from jidoka.schemas import Message


@dataclass(slots=True)
class Effects:
    """Messages to publish after commit, and facts that were good messages but contradict the record."""

    publish: list[Message] = field(default_factory=list)
    refused: list[tuple[Fact[Message], str, str]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    def refuse(self, fact: Fact[Message], kind: str, reason: str) -> None:
        """The fact goes to the dead letters as `kind`."""
        self.refused.append((fact, kind, reason))

    def count(self, table: str, rows: int) -> None:
        """Rows written to a table."""
        self.rows[table] = self.rows.get(table, 0) + rows

    def add(self, other: "Effects") -> None:
        """Takes over another's effects."""
        self.publish += other.publish
        self.refused += other.refused
        for table, rows in other.rows.items():
            self.count(table, rows)
