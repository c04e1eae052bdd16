"""What to ask the controller for one scan group, after its tag list is known, and what its answer means."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jidoka.plc_gateway.catalogue import NUMBERS, Catalogue, Request, UnknownTag
from jidoka.plc_gateway.deadband import Band
from jidoka.plc_gateway.line import Group, Tag
from jidoka.plc_gateway.link import Reading
from jidoka.plc_gateway.quality import outside
from jidoka.plc_gateway.values import BadValue, Value, scalar, spread
from jidoka.schemas import Scalar


@dataclass(frozen=True, slots=True)
class Item:
    """One configured tag that exists."""

    request: Request
    band: Band | None
    range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`items` are asked for; `unknown` are configured tags that the controller does not have as configured."""

    items: tuple[Item, ...]
    unknown: dict[str, str]

    @property
    def asks(self) -> list[str]:
        """The requests for the driver."""
        return [item.request.ask for item in self.items]


@dataclass(slots=True)
class Answer:
    """Values by tag path, those that are uncertain and bad tags with their reason, and dead bands by path."""

    values: dict[str, Scalar] = field(default_factory=dict)
    uncertain: dict[str, str] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)
    bands: dict[str, Band] = field(default_factory=dict)


def plan_group(group: Group, catalogue: Catalogue) -> Plan:
    """Look every tag of the group up."""
    items, unknown = [], {}
    for tag in group.tags:
        try:
            request = _checked(tag, catalogue)
        except UnknownTag as error:
            unknown[tag.name.partition("{")[0]] = str(error)[:500]
            continue
        items.append(Item(request, tag.band() or (Band() if group.on_change else None), tag.range))
    return Plan(tuple(items), unknown)


def _checked(tag: Tag, catalogue: Catalogue) -> Request:
    request = catalogue.request(tag.name)
    if tag.type is not None and tag.type.upper() != request.type.name.upper():
        raise UnknownTag(f"{tag.name}: type = {tag.type!r}, but it is {request.type.name} in the controller")
    if tag.range is not None and request.type.name not in NUMBERS:
        raise UnknownTag(f"{tag.name}: range = {list(tag.range)}, but {request.type.name} is no type of number")
    return request


def understand(plan: Plan, readings: Sequence[Reading]) -> Answer:
    """Spread the readings, given in the plan's order, into scalars."""
    answer = Answer(bad=dict(plan.unknown))
    for item, reading in zip(plan.items, readings, strict=True):
        if reading.bad is not None or reading.value is None:
            answer.bad[item.request.path] = reading.bad or "no value"
        else:
            _take(answer, item, reading.value)
    return answer


def _take(answer: Answer, item: Item, value: Value) -> None:
    request = item.request
    if request.count == 1 and request.type.dims:
        value = [value]
    for path, element in spread(request.path, value, request.type.dims, request.first):
        try:
            answer.values[path] = scalar(element)
        except BadValue as error:
            answer.bad[path] = str(error)
            continue
        if item.range is not None and (reason := outside(answer.values[path], item.range)):
            answer.uncertain[path] = reason
        if item.band is not None:
            answer.bands[path] = item.band
