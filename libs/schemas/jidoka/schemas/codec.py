"""Messages to MQTT packets and back: JSON in UTF-8, or a JPEG with its fields in the user property `meta`."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import ValidationError

from jidoka.schemas.catalogue import BY_KIND, BY_SCHEMA
from jidoka.schemas.custody import Custody
from jidoka.schemas.errors import SchemaError
from jidoka.schemas.message import ImageMessage, Message, Stream
from jidoka.schemas.scope import REPEATS, ROOT, Scope

JSON_TYPE = "application/json"
JPEG_TYPE = "image/jpeg"
MAX_JSON_BYTES = 2 * 2**20
MAX_IMAGE_BYTES = 32 * 2**20

Properties = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Packet:
    """What travels in one MQTT PUBLISH: topic, payload, content type and user properties."""

    topic: str
    payload: bytes
    content_type: str | None = JSON_TYPE
    properties: Properties = ()

    def property(self, name: str) -> str | None:
        """The first user property of that name."""
        return next((value for key, value in self.properties if key == name), None)


def encode(message: Message, scope: Scope, custody: Custody | None = None, traceparent: str | None = None) -> Packet:
    """The packet of a message."""
    properties = [("schema", message.schema_id())]
    if traceparent:
        properties.append(("traceparent", traceparent))
    if custody:
        properties += [("source", custody.source), ("stream", custody.stream.value)]
        properties += [("epoch", custody.epoch), ("seq", str(custody.seq))]
    fields = message.model_dump_json(exclude_none=True)
    if isinstance(message, ImageMessage):
        properties.append(("meta", fields))
        return Packet(scope.topic(message), message.image, JPEG_TYPE, tuple(properties))
    return Packet(scope.topic(message), fields.encode(), JSON_TYPE, tuple(properties))


def decode(packet: Packet) -> Message:
    """The message in a packet. Raises SchemaError that names class, field and reason."""
    cls = _class_of(packet)
    message = _image(cls, packet) if issubclass(cls, ImageMessage) else _json(cls, packet)
    _check_address(message, packet.topic)
    return message


def custody_of(packet: Packet) -> Custody | None:
    """The custody identity of a packet, or None when it has none. Raises SchemaError when it is not one."""
    source, stream, epoch, seq = (packet.property(name) for name in ("source", "stream", "epoch", "seq"))
    if source is None or stream is None or epoch is None or seq is None:
        return None
    try:
        number = int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 19 else 0
        if number < 1:
            raise ValueError("seq is not a number from 1")
        if not 1 <= len(source) <= 64 or not source.isprintable():
            raise ValueError("source is not a name")
        return Custody(source, Stream(stream), str(UUID(epoch)), number)
    except ValueError as error:
        raise SchemaError(packet.property("schema") or "message", "custody", str(error)) from error


def _class_of(packet: Packet) -> type[Message]:
    schema = packet.property("schema")
    if schema is not None:
        if schema not in BY_SCHEMA:
            raise SchemaError(schema[:80], "schema", "no such message class")
        return BY_SCHEMA[schema]
    kind = "/".join(packet.topic.removeprefix(f"{ROOT}/").split("/")[2:])
    for candidate, cls in BY_KIND.items():
        if kind == candidate or kind.startswith(f"{candidate}/"):
            return cls
    raise SchemaError("message", "schema", "the user property is missing and the topic is of no class")


def _json(cls: type[Message], packet: Packet) -> Message:
    if len(packet.payload) > MAX_JSON_BYTES:
        raise SchemaError(cls.__name__, "payload", f"{len(packet.payload)} bytes, more than {MAX_JSON_BYTES}")
    return _validated(cls, packet.payload)


def _image(cls: type[ImageMessage], packet: Packet) -> Message:
    if len(packet.payload) > MAX_IMAGE_BYTES:
        raise SchemaError(cls.__name__, "payload", f"{len(packet.payload)} bytes, more than {MAX_IMAGE_BYTES}")
    meta = packet.property("meta")
    if meta is None:
        raise SchemaError(cls.__name__, "meta", "the user property is missing")
    message = _validated(cls, meta.encode("utf-8", "surrogatepass"))
    assert isinstance(message, ImageMessage)
    return message.with_image(packet.payload)


def _validated(cls: type[Message], text: bytes) -> Message:
    try:
        return cls.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(level) for level in first["loc"]) or "payload"
        raise SchemaError(cls.__name__, where[:200], first["msg"]) from error


def _check_address(message: Message, topic: str) -> None:
    levels = topic.split("/")
    if levels[:2] == ROOT.split("/") and len(levels) > 4:
        address = "/".join(levels[4:])
        if levels[4] != REPEATS and address != message.address():
            raise SchemaError(type(message).__name__, "topic", f"the fields say {message.address()}")
