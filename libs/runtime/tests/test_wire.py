"""Reading and packing PUBLISH packets, held against paho's own codec."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import properties as paho
from paho.mqtt.packettypes import PacketTypes

from jidoka.runtime.link import Outgoing
from jidoka.runtime.wire import publish_properties, read_publish
from jidoka.schemas import Packet

Properties: Any = paho.Properties
texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=300)
packets = st.builds(
    Packet,
    topic=texts,
    payload=st.binary(max_size=300),
    content_type=st.none() | texts.filter(bool),
    properties=st.lists(st.tuples(texts, texts), max_size=6).map(tuple),
)


def body_of(packet: Packet, mid: int | None, properties: bytes) -> bytes:
    topic = packet.topic.encode()
    number = b"" if mid is None else struct.pack("!H", mid)
    return struct.pack("!H", len(topic)) + topic + number + properties + packet.payload


@given(packets, st.none() | st.integers(0, 2**32 - 1))
def test_what_is_packed_is_what_paho_unpacks(packet: Packet, expiry: int | None) -> None:
    packed = publish_properties(Outgoing(packet, expiry=expiry))
    unpacked, length = Properties(PacketTypes.PUBLISH).unpack(packed)
    assert length == len(packed)
    assert tuple(getattr(unpacked, "UserProperty", ())) == packet.properties
    assert getattr(unpacked, "ContentType", None) == packet.content_type
    assert getattr(unpacked, "MessageExpiryInterval", None) == expiry


@given(packets, st.integers(1, 65_535), st.booleans(), st.booleans())
def test_what_paho_packs_is_read(packet: Packet, mid: int, dup: bool, retain: bool) -> None:
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = list(packet.properties)
    properties.SubscriptionIdentifier = 2
    properties.MessageExpiryInterval = 9
    properties.ResponseTopic = "r"
    properties.CorrelationData = b"c"
    properties.PayloadFormatIndicator = 1
    properties.TopicAlias = 7
    if packet.content_type:
        properties.ContentType = packet.content_type
    read = read_publish(0x32 | dup << 3 | retain, body_of(packet, mid, properties.pack()))
    assert (read.packet, read.mid, read.qos) == (packet, mid, 1)
    assert (read.dup, read.retain, read.subscriptions) == (dup, retain, (2,))


def test_without_qos_there_is_no_packet_id() -> None:
    packet = Packet("a/b", b"payload", None)
    assert read_publish(0x30, body_of(packet, None, b"\x00")).packet == packet


def test_properties_that_cannot_be_read_do_not_cost_the_payload() -> None:
    nonsense = bytes((3, 99, 0, 0))
    read = read_publish(0x32, body_of(Packet("t", b"payload"), 5, nonsense))
    assert (read.packet.payload, read.packet.properties, read.mid) == (b"payload", (), 5)


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"\x00\x05ab", b"\x00\x01t", b"\x00\x01t\0\5\x7f", b"\x00\x01t\0\5\xff\xff\xff\xff"]
)
def test_a_packet_that_makes_no_sense_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"malformed|longer"):
        read_publish(0x32, body)


@given(st.binary(max_size=200))
def test_nothing_but_value_error_comes_of_any_bytes(body: bytes) -> None:
    try:
        read = read_publish(0x32, body)
    except ValueError:
        return
    assert len(read.packet.payload) <= len(body)
