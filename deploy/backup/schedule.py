"""When to do something: the five fields of cron (minute, hour, day of month, month, day of week), in UTC."""

from datetime import datetime, timedelta

from errors import BackupError

RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
LONGEST = timedelta(days=4 * 366)


class Schedule:
    """Fields are `*`, numbers, ranges, lists and steps. Raises BackupError for anything else."""

    def __init__(self, text: str) -> None:
        fields = text.split()
        if len(fields) != len(RANGES):
            raise BackupError(f"BACKUP_SCHEDULE={text!r} has not five fields")
        minute, hour, day, month, weekday = (
            _numbers(field, *limits) for field, limits in zip(fields, RANGES, strict=True)
        )
        self._minutes, self._hours, self._days, self._months = minute, hour, day, month
        self._weekdays = {number % 7 for number in weekday}
        self._any_day, self._any_weekday = fields[2].startswith("*"), fields[4].startswith("*")

    def after(self, moment: datetime) -> datetime:
        """The next time after a moment. Raises BackupError when there is none within four years (30 February)."""
        at = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        while at - moment < LONGEST:
            if at.month not in self._months or not self._on(at):
                at = at.replace(hour=0, minute=0) + timedelta(days=1)
            elif at.hour not in self._hours:
                at = at.replace(minute=0) + timedelta(hours=1)
            elif at.minute not in self._minutes:
                at += timedelta(minutes=1)
            else:
                return at
        raise BackupError("BACKUP_SCHEDULE never comes")

    def _on(self, at: datetime) -> bool:
        """As cron has it: day of month or day of week, when both are given."""
        day, weekday = at.day in self._days, at.isoweekday() % 7 in self._weekdays
        return day and weekday if self._any_day or self._any_weekday else day or weekday


def _numbers(field: str, lowest: int, highest: int) -> set[int]:
    numbers: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = (f"{lowest}-{highest}" if span == "*" else span).partition("-")
        wanted = (first, last or (str(highest) if step else first), step or "1")
        if not all(text.isdigit() for text in wanted):
            raise BackupError(f"BACKUP_SCHEDULE: {field!r} is not a field of cron")
        begin, end, by = (int(text) for text in wanted)
        if not lowest <= begin <= end <= highest or by < 1:
            raise BackupError(f"BACKUP_SCHEDULE: {field!r} is not within {lowest} to {highest}")
        numbers |= set(range(begin, end + 1, by))
    return numbers
