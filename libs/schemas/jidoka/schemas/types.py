"""Field types shared by the messages: what a value may be before it may travel.

The bounds keep out what PostgreSQL, a dashboard or a sum cannot hold: control characters, lone surrogates, NaN,
infinity, numbers beyond 64 bits, times without a zone.
"""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
"""One topic level: a station, a camera, a PLC, a group, an alarm code, a source."""

TagName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.:,\[\]]{0,159}$")]
"""A Logix tag path such as `Process.Zone[2].Temperature` or `Program:Main.Step`."""

Text = Annotated[str, StringConstraints(max_length=500, pattern=_PRINTABLE)]
"""One line for people."""

Label = Annotated[str, StringConstraints(min_length=1, max_length=82, pattern=_PRINTABLE)]
"""An identifier that the plant chose: serial number, SKU, batch (a Logix STRING holds 82 characters)."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Milliseconds = Annotated[float, Field(ge=0, le=86_400_000)]
Pixels = Annotated[int, Field(ge=1, le=65_535)]
Coordinate = Annotated[float, Field(ge=-65_535, le=65_535)]
Share = Annotated[float, Field(ge=0, le=1)]

Scalar = (
    bool
    | Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
    | Annotated[float, Field(ge=-1.7976931348623157e308, le=1.7976931348623157e308)]
    | Annotated[str, StringConstraints(max_length=500, pattern=_PRINTABLE)]
)
"""One tag value: BOOL, any integer up to LINT, REAL, LREAL or STRING."""


def _utc(value: datetime) -> datetime:
    if not 2000 <= value.year <= 2200:
        raise ValueError("the year is outside 2000 to 2200")
    return value.astimezone(UTC)


UtcTime = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A time with a zone, kept in UTC with microseconds."""

Id = UUID
