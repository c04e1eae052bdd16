"""The historian's part of `line.toml`: how long the line's record is kept, and how large it may grow."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=1, le=36_500)]


class Retention(BaseModel):
    """The table `[historian]`: days, counted from the record's own time. Absent days: kept for ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # raw samples must outlive the window in which late records may come, or a roll-up would lose what it had
    tag_samples_days: Annotated[int, Field(ge=31, le=36_500)] | None = 365
    tag_minutes_days: Days | None = 730
    facts_days: Days | None = 365
    images_fail_days: Days | None = 90
    images_pass_days: Days | None = 14
    columnstore_after_days: Annotated[int, Field(ge=1, le=365)] = 7
    # what the database may take on its disk, for the alarm before it is full; absent: only Prometheus watches it
    database_gib: Annotated[float, Field(gt=0)] | None = None

    def keep(self) -> dict[str, timedelta | None]:
        """How long each table cut by time is kept."""
        days = {
            "tag_samples": self.tag_samples_days,
            "tag_minutes": self.tag_minutes_days,
            "inspections": self.facts_days,
            "defects": self.facts_days,
            "images_fail": self.images_fail_days,
            "images_pass": self.images_pass_days,
        }
        return {name: None if number is None else timedelta(days=number) for name, number in days.items()}
