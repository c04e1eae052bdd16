"""The wire format: golden samples, refusals, topics, ids, generated documents."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jidoka.schemas import (
    MESSAGES,
    Custody,
    Inspection,
    Message,
    Packet,
    SchemaError,
    Scope,
    Stream,
    custody_of,
    decode,
    derived_id,
    encode,
    matches,
    new_id,
)
from jidoka.schemas.documents import documents

HERE = Path(__file__).parent
DOCS = HERE.parents[2] / "docs"


def _samples() -> ModuleType:
    spec = importlib.util.spec_from_file_location("schema_samples", HERE / "samples.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


samples = _samples()
each = pytest.mark.parametrize("message", samples.SAMPLES, ids=lambda message: type(message).__name__)


def test_every_class_has_a_sample() -> None:
    assert {type(message) for message in samples.SAMPLES} == set(MESSAGES)


@each
def test_a_message_survives_the_wire(message: Message) -> None:
    assert decode(samples.packet(message)) == message


@each
def test_the_wire_format_is_the_golden_one(message: Message) -> None:
    assert samples.text(message) == (HERE / "samples" / f"{type(message).__name__}.json").read_text()


@each
def test_unknown_fields_of_a_newer_release_are_ignored(message: Message) -> None:
    packet = samples.packet(message)
    wider = json.dumps({**json.loads(message.model_dump_json(exclude_none=True)), "born_later": {"x": 1}})
    properties = tuple((key, wider if key == "meta" else value) for key, value in packet.properties)
    payload = packet.payload if packet.content_type == "image/jpeg" else wider.encode()
    assert decode(Packet(packet.topic, payload, packet.content_type, properties)) == message


@pytest.mark.parametrize("path", sorted(documents()))
def test_generated_documents_are_fresh(path: str) -> None:
    assert (DOCS / path).read_text() == documents()[path], "run `make docs`"


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b"{", "payload"),
        (b"[" * 100_000, "payload"),
        (b'{"group":"g"}', "plc"),
        (b'{"plc":"p/q","group":"g","at":"2026-01-01T00:00:00Z","scan_no":1,"values":{}}', "plc"),
        (b'{"plc":"p","group":"g","at":"2026-01-01T00:00:00","scan_no":1,"values":{}}', "at"),
        (b'{"plc":"p","group":"g","at":"9999-01-01T00:00:00Z","scan_no":1,"values":{}}', "at"),
        (b'{"plc":"p","group":"g","at":"2026-01-01T00:00:00Z","scan_no":true,"values":{}}', "scan_no"),
        (b'{"plc":"p","group":"g","at":"2026-01-01T00:00:00Z","scan_no":1,"values":{"A":NaN}}', "values.A"),
        (b'{"plc":"p","group":"g","at":"2026-01-01T00:00:00Z","scan_no":1,"values":{"A":1e999}}', "values.A"),
        (b'{"plc":"p","group":"g","at":"2026-01-01T00:00:00Z","scan_no":1,"values":{"A":"\\u0000"}}', "values.A"),
        (b'{"plc":"p","group":"g","at":"2026-01-01T00:00:00Z","scan_no":1,"values":{"A":"\\ud800"}}', "payload"),
        (b'\xff\xfe{"plc":1}', "payload"),
    ],
)
def test_a_malformed_payload_is_one_error_that_names_class_and_field(payload: bytes, field: str) -> None:
    with pytest.raises(SchemaError) as caught:
        decode(Packet("jidoka/v1/demo/line1/scans/p/g", payload, properties=(("schema", "TagBatch/1"),)))
    assert caught.value.schema == "TagBatch"
    assert caught.value.field.startswith(field)
    assert str(caught.value).startswith("TagBatch: ")


def test_a_message_on_a_topic_that_contradicts_it_is_refused() -> None:
    inspection = next(message for message in samples.SAMPLES if isinstance(message, Inspection))
    packet = samples.packet(inspection)
    lie = Packet("jidoka/v1/demo/line1/inspections/AOI1/pass", packet.payload, properties=packet.properties)
    with pytest.raises(SchemaError, match="inspections/AOI1/fail"):
        decode(lie)


def test_a_repeat_decodes_on_the_repeats_topic() -> None:
    inspection = next(message for message in samples.SAMPLES if isinstance(message, Inspection))
    packet = samples.packet(inspection)
    assert decode(Packet(samples.SCOPE.repeats("sample-1"), packet.payload, properties=packet.properties)) == inspection


@given(st.binary(max_size=300), st.sampled_from(MESSAGES))
def test_noise_is_never_anything_but_a_schema_error(noise: bytes, cls: type[Message]) -> None:
    meta = noise.decode("latin-1")
    with pytest.raises(SchemaError):
        decode(Packet("jidoka/v1/a/b/x", noise, properties=(("schema", cls.schema_id()), ("meta", meta))))


@pytest.mark.parametrize("properties", [{"seq": "0"}, {"seq": "-1"}, {"seq": "x"}, {"epoch": "1"}, {"stream": "lies"}])
def test_a_wrong_custody_identity_is_refused(properties: dict[str, str]) -> None:
    right = {"source": "s", "stream": "facts", "epoch": str(new_id()), "seq": "1"}
    with pytest.raises(SchemaError, match="custody"):
        custody_of(Packet("t", b"", properties=tuple({**right, **properties}.items())))


def test_custody_survives_the_wire_and_is_absent_where_there_is_none() -> None:
    custody = Custody("s", Stream.FACTS, str(new_id()), 9)
    message = samples.SAMPLES[1]
    assert custody_of(encode(message, samples.SCOPE, custody)) == custody
    assert custody_of(encode(message, samples.SCOPE)) is None


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/d", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/+", "a", False),
        ("a/b", "a/b/c", False),
    ],
)
def test_filters_match_as_in_mqtt(topic_filter: str, topic: str, expected: bool) -> None:
    assert matches(topic_filter, topic) is expected


def test_a_filter_names_only_places_of_its_class() -> None:
    scope = Scope("demo", "line1")
    assert scope.filter(Inspection, verdict="fail") == "jidoka/v1/demo/line1/inspections/+/fail"
    with pytest.raises(ValueError, match="Inspection has no camera"):
        scope.filter(Inspection, camera="top")


def test_ids_sort_by_birth_and_derived_ids_repeat() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert {(one.version, one.variant) for one in ids} == {(7, "specified in RFC 4122")}
    assert [one.int >> 80 for one in ids] == sorted(one.int >> 80 for one in ids)
    assert derived_id("a", 1) == derived_id("a", 1) != derived_id("a", 2)
