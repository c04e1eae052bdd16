"""Settings, secrets from files, and the tables of line.toml."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import Settings, line_scope, load_settings, load_toml, section
from jidoka.schemas import Scope


class ExampleSettings(Settings):
    service = "example"

    rate: float = Field(default=1.0, gt=0, description="a number")
    api_key: SecretStr = Field(description="a secret that must be given")
    pin: SecretStr = Field(default=SecretStr("0000-0000"), min_length=8, description="a secret with a rule")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "k3y")


def test_the_environment_is_read_and_the_instance_is_named_after_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODE", "live")
    monkeypatch.setenv("MQTT_HOST", "broker.plant")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("RATE", "")
    settings = load_settings(ExampleSettings)
    assert (settings.mode, settings.mqtt.host, settings.log_level) == ("live", "broker.plant", "debug")
    assert settings.rate == 1
    assert settings.instance == "example-1"
    assert settings.journal_path == settings.data_dir / "example-1.sqlite"


def test_every_mistake_is_named_in_one_line_with_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODE", "test")
    monkeypatch.setenv("RATE", "-1")
    with pytest.raises(ConfigError) as error:
        load_settings(ExampleSettings)
    assert 'MODE="test": Input should be' in str(error.value)
    assert 'RATE="-1": Input should be greater than 0' in str(error.value)
    assert "\n" not in str(error.value)


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIN", "s3cret")
    with pytest.raises(ConfigError) as error:
        load_settings(ExampleSettings)
    assert str(error.value).startswith("PIN=***: ")
    assert "s3cret" not in str(error.value)
    monkeypatch.setenv("PIN", "12345678")
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:s3cret@h/d")
    effective = load_settings(ExampleSettings).effective()
    assert (effective["pin"], effective["api_key"], effective["database_url"]) == ("***", "***", "***")
    assert effective["mqtt_password"] is None
    assert "12345678" not in repr(load_settings(ExampleSettings))


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("API_KEY")
    with pytest.raises(ConfigError, match=r"^API_KEY is not set$"):
        load_settings(ExampleSettings)


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.delenv("API_KEY")
    monkeypatch.setenv("API_KEY_FILE", str(tmp_path / "key"))
    assert load_settings(ExampleSettings).api_key.get_secret_value() == "from a file"


def test_a_secret_given_twice_or_in_no_readable_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("API_KEY_FILE", str(tmp_path / "absent"))
    with pytest.raises(ConfigError, match=r"^API_KEY and API_KEY_FILE are both set"):
        load_settings(ExampleSettings)
    monkeypatch.delenv("API_KEY")
    with pytest.raises(ConfigError, match=r"^API_KEY_FILE=.*absent: cannot be read: No such file"):
        load_settings(ExampleSettings)


def test_a_ca_file_turns_tls_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not load_settings(ExampleSettings).mqtt.tls
    monkeypatch.setenv("MQTT_CA_FILE", "/etc/ca.pem")
    assert load_settings(ExampleSettings).mqtt.tls


class CameraTable(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    timeout_ms: int = Field(default=3000, gt=0)


class StationTable(BaseModel):
    name: str
    camera: list[CameraTable] = []


def toml(folder: Path, text: str) -> Path:
    path = folder / "line.toml"
    path.write_text(text)
    return path


def test_tables_are_read_and_hashed(tmp_path: Path) -> None:
    text = 'site = "demo"\nline = "line1"\n[[station]]\nname = "AOI1"\n[[station.camera]]\nname = "top"\n'
    path = toml(tmp_path, text)
    data, digest = load_toml(path)
    assert len(digest) == 64
    assert line_scope(data, path) == Scope("demo", "line1")
    assert section(list[StationTable], data, "station", path)[0].camera == [CameraTable(name="top")]
    assert section(list[StationTable], data, "absent", path) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[station]]\nname = 5\n", r"station\[0\]\.name = 5: Input should be a valid string"),
        ("[[station]]\n", r"station\[0\]\.name is missing"),
        ('[[station]]\nname="a"\n[[station.camera]]\nname="b"\ntimeout_ms=-5\n',
         r"station\[0\]\.camera\[0\]\.timeout_ms = -5: Input should be greater than 0"),
        ('[[station]]\nname="a"\n[[station.camera]]\nname="b"\ntimeout=5\n',
         r"station\[0\]\.camera\[0\]\.timeout = 5: Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_key_value_and_reason(tmp_path: Path, text: str, message: str) -> None:
    path = toml(tmp_path, text)
    data, _ = load_toml(path)
    with pytest.raises(ConfigError, match=f"line.toml: {message}"):
        section(list[StationTable], data, "station", path)


def test_site_and_line_must_be_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"line.toml: line is missing"):
        line_scope({"site": "demo"})
    with pytest.raises(ConfigError, match=r"line.toml: site = 'a/b'"):
        line_scope({"site": "a/b", "line": "x"})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent.toml: cannot be read: No such file"):
        load_toml(tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match=r"line.toml: is not TOML: .*line 2, column 7"):
        load_toml(toml(tmp_path, "a = 1\nsite  \nb = 2"))
    (tmp_path / "line.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match=r"line.toml: is not UTF-8 at byte 5"):
        load_toml(tmp_path / "line.toml")
