"""topics.acl: who may publish what. Delivery itself is tested against the running broker."""

import runpy
from pathlib import Path

import pytest

from jidoka.schemas import MESSAGES, RECORDS, Scope
from jidoka.schemas.scope import matches

LINE = Scope("demo", "line1")


def rights(deploy: Path, way: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    user = ""
    for line in (deploy / "mosquitto" / "topics.acl").read_text().splitlines():
        if line.startswith("user "):
            user = line.split()[1]
        elif line.startswith(f"topic {way} "):
            found.setdefault(user, []).append(line.split(" ", 2)[2])
    return found


def allowed(filters: list[str], topic: str) -> bool:
    return any(matches(one, topic) for one in filters)


def test_the_file_is_fresh(deploy: Path) -> None:
    written = runpy.run_path(str(deploy / "mosquitto" / "acl.py"))["document"]()
    assert (deploy / "mosquitto" / "topics.acl").read_text() == written


@pytest.mark.parametrize(
    ("topic", "owner"),
    [
        ("scans/plc1/critical", "plc-gateway"),
        ("parts/AOI1", "plc-gateway"),
        ("decisions/AOI1", "plc-gateway"),
        ("frames/AOI1/top", "vision-gateway"),
        ("captures/AOI1/top", "vision-gateway"),
        ("inspections/AOI1/fail", "inference"),
        ("evidence/AOI1", "inference"),
        ("receipts/plc-gateway-1", "historian"),
        ("alarms/plc-gateway-1/x/y", "historian"),
        ("commands/acknowledge-alarm", "api"),
        ("repeats/inference-3", "inference"),
        ("services/historian/historian-1", "historian"),
        ("conditions/vision-gateway-1/x/y", "vision-gateway"),
    ],
)
def test_each_topic_has_one_writer(deploy: Path, topic: str, owner: str) -> None:
    writers = [user for user, filters in rights(deploy, "write").items() if allowed(filters, LINE.prefix() + topic)]
    assert writers == [owner]


def test_every_class_can_be_published_by_somebody(deploy: Path) -> None:
    everything = [one for filters in rights(deploy, "write").values() for one in filters]
    kinds = {one.split("/")[4] for one in everything}
    assert {cls.topic.split("/")[0] for cls in MESSAGES} <= kinds


def test_the_historian_is_given_every_record_and_repeat(deploy: Path) -> None:
    read = rights(deploy, "read")["historian"]
    for cls in RECORDS:
        topic = LINE.prefix() + cls.topic.format_map(dict.fromkeys(cls.places(), "x"))
        assert allowed(read, topic), cls.__name__
    assert allowed(read, LINE.repeats("plc-gateway-1"))


def test_other_systems_and_the_exporter_publish_nothing(deploy: Path) -> None:
    assert not {"plant", "exporter"} & set(rights(deploy, "write"))
    assert rights(deploy, "read")["plant"] == ["jidoka/v1/+/+/#"]
