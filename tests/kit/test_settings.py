"""Loading of settings from a file and the environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta

from stratiform.kit import settings
from stratiform.kit.errors import Invalid
from stratiform.kit.settings import setting_field


@dataclass(frozen=True, slots=True)
class Source:
    url: Annotated[str, Meta(pattern="^rabbit://.+$")] = setting_field(help="URL of the source.", secret=True)
    cloud: str = setting_field("openstack", "Name of the cloud.")
    topics: tuple[str, ...] = setting_field(("notifications",), "Topics.")


@dataclass(frozen=True, slots=True)
class Settings:
    home: Path
    port: Annotated[int, Meta(ge=1, le=65535)] = setting_field(8780, "Port of the API.")
    region: str = setting_field("RegionOne", "Region.")
    bus_url: Annotated[str, Meta(pattern="^(rabbit|amqp)://.+$")] = setting_field(
        "rabbit://default/", "URL of the bus.", secret=True, fallback="RABBITMQ_URL"
    )
    sources: tuple[Source, ...] = setting_field((), "Further sources.")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stratiform.toml"


def test_environment_takes_precedence_over_the_file(file: Path) -> None:
    file.write_text('port = 9000\nregion = "North"\n')
    loaded = settings.load_settings(Settings, file, {"STRATIFORM_PORT": "9001"}, home=file.parent)
    assert (loaded.port, loaded.region) == (9001, "North")


def test_overrides_take_precedence_and_none_is_ignored(file: Path) -> None:
    environment = {"STRATIFORM_PORT": "9001"}
    assert settings.load_settings(Settings, file, environment, home=file.parent, port=9002, region=None).port == 9002
    with pytest.raises(Invalid, match=r"^port: ") as raised:
        settings.load_settings(Settings, file, environment, home=file.parent, port=70000)
    assert raised.value.hint == "Port of the API"


def test_fallback_variable_is_used_if_the_setting_is_not_specified(file: Path) -> None:
    environment = {"RABBITMQ_URL": "amqp://fallback/"}
    assert settings.load_settings(Settings, file, environment, home=file.parent).bus_url == "amqp://fallback/"
    file.write_text('bus_url = "rabbit://file/"')
    assert settings.load_settings(Settings, file, environment, home=file.parent).bus_url == "rabbit://file/"
    environment["STRATIFORM_BUS_URL"] = "rabbit://environment/"
    assert settings.load_settings(Settings, file, environment, home=file.parent).bus_url == "rabbit://environment/"


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ("prot = 1", {}, "unknown setting 'prot'"),
        ('port = "many"', {}, "port in "),
        ("port = [", {}, "not valid TOML"),
        ("port = 65536", {}, "port in "),
        ("", {"STRATIFORM_PORT": "x"}, "STRATIFORM_PORT in the environment"),
        ("", {"STRATIFORM_BUS_UR": "hush"}, "unknown setting STRATIFORM_BUS_UR in the environment"),
        ("", {"STRATIFORM_SOURCES": "hush"}, "unknown setting STRATIFORM_SOURCES in the environment"),
        ("", {"RABBITMQ_URL": "http://hush@h/"}, "RABBITMQ_URL in the environment"),
        ("sources = 1", {}, "sources in .*: expected one or more \\[\\[sources\\]\\] tables"),
        ('sources = ["rabbit://u:hush@h/"]', {}, "sources in .*: expected one or more \\[\\[sources\\]\\] tables"),
        ('[[sources]]\nurl = "rabbit://h/"\n[[sources]]\n', {}, r"url of \[\[sources]] number 2 in .*: missing"),
        ('[[sources]]\nurl = "http://hush@h/"', {}, r"url of \[\[sources]] number 1 in "),
        ('[[sources]]\nurl = "rabbit://h/"\npol = "x"', {}, r"\[\[sources]] number 1 in .*: unknown setting 'pol'"),
        ('[[sources]]\nurl = "rabbit://h/"\ntopics = 7', {}, r"topics of \[\[sources]] number 1 in "),
    ],
)
def test_invalid_setting_is_named_without_its_value(
    file: Path, text: str, environment: dict[str, str], message: str
) -> None:
    file.write_text(text)
    with pytest.raises(Invalid, match=message) as raised:
        settings.load_settings(Settings, file, environment, home=file.parent)
    assert "hush" not in raised.value.message + raised.value.hint


def test_arrays_of_tables(file: Path) -> None:
    file.write_text("""
        [[sources]]
        url = "rabbit://u:hush@one/"
        cloud = "north"
        topics = "metering,more"
        [[sources]]
        url = "rabbit://u:hush@two/"
    """)
    loaded = settings.load_settings(Settings, file, {}, home=file.parent)
    first, second = loaded.sources
    assert (first.cloud, first.topics) == ("north", ("metering", "more"))
    assert (second.cloud, second.topics) == ("openstack", ("notifications",))
    assert "hush" not in repr(loaded)


@pytest.mark.parametrize(
    "name",
    [
        "STRATIFORM_HOME",
        "STRATIFORM_CLOUD_PASSWORD",
        "STRATIFORM_API_SERVICE_HOST",  # Kubernetes sets it beside a service with the name stratiform-api
        "STRATIFORM_API_SERVICE_PORT_HTTP",
        "STRATIFORM_PORT_8780_TCP_ADDR",
    ],
)
def test_variables_of_other_programs_are_ignored(file: Path, name: str) -> None:
    ignored = ("STRATIFORM_HOME", "STRATIFORM_CLOUD_")
    assert settings.load_settings(Settings, file, {name: "x"}, ignored=ignored, home=file.parent).port == 8780


def test_render_reference() -> None:
    text = settings.render_settings_tables(Settings)
    assert "| `port` | `STRATIFORM_PORT` | `8780` | Port of the API. |" in text
    assert "| `bus_url` | `STRATIFORM_BUS_URL` or `RABBITMQ_URL` | (secret) | URL of the bus. |" in text
    assert "## `[[sources]]`" in text
    assert "| `url` | (required) | URL of the source. |" in text
