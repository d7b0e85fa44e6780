"""Validation of the programs' settings."""

from pathlib import Path

import pytest

from stratiform.app.settings import OTHER_VARIABLES, Settings
from stratiform.kit import settings
from stratiform.kit.errors import Invalid


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port = 65536", "port in "),
        ('log_level = "LOUD"', "log_level in "),
        ("worker_threads = 0", "worker_threads in "),
        ('port = "8_780"', "port in "),
        ('port = " 8780"', "port in "),
        ('port = "8.78e3"', "port in "),
        ('port = "٨٧٨٠"', "port in "),
        ("bcrypt_rounds = 3", "bcrypt_rounds in "),
        ('collector_url = "http://127.0.0.1/"', "collector_url in "),
        ('public_url = "127.0.0.1"', "public_url in "),
        ('[[sources]]\nurl = "http://hush@h/"', r"url of \[\[sources]] number 1 in "),
    ],
)
def test_invalid_value(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "stratiform.toml"
    file.write_text(text)
    with pytest.raises(Invalid, match=message):
        settings.load_settings(Settings, file, {}, home=tmp_path)


@pytest.mark.parametrize("text", [" 8780", "8_780", "8780.0", "8.78e3", "+8780", "٨٧٨٠", ""])
def test_numbers_in_the_environment_have_digits_only(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match="STRATIFORM_PORT in the environment"):
        settings.load_settings(Settings, tmp_path / "none.toml", {"STRATIFORM_PORT": text}, home=tmp_path)
    file = tmp_path / "none.toml"
    assert settings.load_settings(Settings, file, {"STRATIFORM_PORT": "8781"}, home=tmp_path).port == 8781


def test_message_buses_are_named_by_their_settings(tmp_path: Path) -> None:
    file = tmp_path / "stratiform.toml"
    file.write_text("""
        [[sources]]
        url = "rabbit://u:hush@one/"
        cloud = "north"
        [[sources]]
        url = "rabbit://u:hush@two/"
        pool = ""
    """)
    loaded = settings.load_settings(Settings, file, {}, home=tmp_path)
    first, second = loaded.sources
    assert (first.cloud, first.pool) == ("north", "stratiform")
    assert (second.cloud, second.exchanges, second.pool) == ("openstack", ("nova", "cinder", "openstack"), "")
    assert list(loaded.message_buses) == ["url of [[sources]] number 1", "url of [[sources]] number 2"]
    assert "hush" not in repr(loaded)


def test_variables_of_the_command_line_and_the_tests_are_ignored(tmp_path: Path) -> None:
    environment = dict.fromkeys(("STRATIFORM_HOME", "STRATIFORM_CLOUD_PASSWORD", "STRATIFORM_TEST_RABBITMQ"), "x")
    file = tmp_path / "stratiform.toml"
    assert settings.load_settings(Settings, file, environment, ignored=OTHER_VARIABLES, home=tmp_path).home == tmp_path


def test_variable_of_almanach_is_the_fallback_for_the_collector_url(tmp_path: Path) -> None:
    environment = {"RABBITMQ_URL": "amqp://guest:guest@messaging:5672"}
    loaded = settings.load_settings(Settings, tmp_path / "stratiform.toml", environment, home=tmp_path)
    assert loaded.collector_url == environment["RABBITMQ_URL"]
