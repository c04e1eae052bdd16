"""People's findings on parts and defects."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from jidoka.api.models.base import Answer, Question
from jidoka.schemas import Disposition
from jidoka.schemas.types import Text


class DispositionEntry(Answer):
    """One finding, and whether it was taken back."""

    id: UUID
    part_id: UUID
    defect_id: UUID | None = None
    disposition: Disposition
    actor: str
    comment: str | None = None
    created_at: datetime
    undone_by: str | None = None
    undone_at: datetime | None = None
    undo_comment: str | None = None


class Finding(Question):
    """What a person found on a part, or on one defect of it."""

    part_id: UUID
    defect_id: UUID | None = None
    disposition: Disposition = Field(examples=["false_call"])
    comment: Text | None = Field(default=None, examples=["dust"])


class Remark(Question):
    """The comment on an action."""

    comment: Text | None = Field(default=None, examples=["seen, maintenance is on its way"])


class Shelving(Remark):
    """For how long an alarm is silenced."""

    minutes: int = Field(ge=1, le=24 * 60, examples=[30])


class ActionDone(Answer):
    """The historian committed a person's action."""

    action_id: UUID
    applied: bool
    by: str
    at: datetime


class DispositionDone(ActionDone):
    """A finding was stored."""

    disposition_id: UUID
