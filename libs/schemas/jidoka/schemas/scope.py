"""Topics: `jidoka/v1/<site>/<line>/<kind>/<address...>`. No topic string exists outside this package."""

from dataclasses import dataclass

from jidoka.schemas.message import Message

ROOT = "jidoka/v1"
REPEATS = "repeats"


@dataclass(frozen=True, slots=True)
class Scope:
    """The line whose messages these are."""

    site: str
    line: str

    def prefix(self) -> str:
        """`jidoka/v1/<site>/<line>/`."""
        return f"{ROOT}/{self.site}/{self.line}/"

    def topic(self, message: Message) -> str:
        """The topic on which this message is published."""
        return self.prefix() + message.address()

    def filter(self, cls: type[Message], **address: str) -> str:
        """The topic filter for a class; places not given are `+`.

        Raises ValueError for a place that the class's topic does not have.
        """
        unknown = set(address) - set(cls.places())
        if unknown:
            raise ValueError(f"{cls.__name__} has no {', '.join(sorted(unknown))} in its topic {cls.topic}")
        return self.prefix() + cls.topic.format_map({place: address.get(place, "+") for place in cls.places()})

    def repeats(self, source: str = "+") -> str:
        """Where a source sends records again that have no receipt; only the historian reads it."""
        return f"{self.prefix()}{REPEATS}/{source}"

    def everything(self) -> str:
        """All of the line."""
        return f"{self.prefix()}#"


def matches(topic_filter: str, topic: str) -> bool:
    """Whether an MQTT topic filter (with `+` and `#`) matches a topic (MQTT 5.0, 4.7)."""
    wanted, given = topic_filter.split("/"), topic.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(given) or level not in ("+", given[index]):
            return False
    return len(wanted) == len(given)
