"""`stratiform import almanach.cfg`: the options that are converted, those that are not, and secrets."""

import re
import tomllib
from pathlib import Path

import pytest

from stratiform.app import almanach, settings
from stratiform.interfaces.amqp.transport_url import parse_transport_url
from support.programs import Cli

EVERYTHING = """
[DEFAULT]
debug = true
log_file = /var/log/almanach.log
control_exchange = nova

[database]
driver = mongodb
connection_url = mongodb://almanach:hush-mongo@mongo:27017/almanach

[api]
bind_ip = 0.0.0.0
bind_port = 8001

[collector]
transport_url = rabbit://u:hush-1@r1:5672,rabbit://u:hush-2@r2:5672,u:hush-3@r3:5672/vh?ssl=true
topic = usage
max_retries = 5
min_retries = 3
retry_delay = 25
thread_pool_size = 16

[auth]
strategy = token,keystone
private_key = hush-key

[keystone_authtoken]
username = almanach
password = hush-password
user_domain_id = default
user_domain_name = Default
project_domain_name = Default
project_name = service
auth_url = http://keystone:5000/v3

[entities]
instance_existence_threshold = 900
volume_existence_threshold = 60
instance_metadata = team, cost.center
instance_image_meta = distro,version

[oslo_messaging_rabbit]
amqp_durable_queues = true
kombu_ssl_ca_certs = /etc/ca.pem
rpc_conn_pool_size = 30

[other]
thing = 1
"""


@pytest.fixture
def cli(home: Path) -> Cli:
    return Cli(home)


def write_config(tmp_path: Path, text: str) -> str:
    file = tmp_path / "almanach.cfg"
    file.write_text(text)
    return str(file)


def test_every_option_is_converted_or_reported(cli: Cli, tmp_path: Path) -> None:
    output = cli("import", write_config(tmp_path, EVERYTHING))
    toml = cli.home / "stratiform.toml"
    assert tomllib.loads(toml.read_text()) == {
        "collector_url": "rabbit://u:hush-1@r1:5672/?amqp_durable_queues=true&ssl_ca_file=%2Fetc%2Fca.pem",
        "collector_topics": ["usage"],
        "collector_exchanges": ["nova"],
        "collector_pool": "",
        "collector_priorities": ["info", "error"],
        "almanach_auth": "token,keystone",
        "almanach_host": "0.0.0.0",
        "almanach_port": 8001,
        "almanach_private_key": "hush-key",
        "almanach_keystone_url": "http://keystone:5000/v3",
        "almanach_keystone_username": "almanach",
        "almanach_keystone_password": "hush-password",
        "almanach_keystone_project": "service",
        "almanach_keystone_project_domain": "Default",
        "almanach_keystone_user_domain": "Default",
        "almanach_metadata": ["team", "cost.center"],
        "almanach_image_meta": ["distro", "version"],
        "log_level": "DEBUG",
        "sources": [
            {
                "url": "rabbit://u:hush-2@r2:5672,u:hush-3@r3:5672/vh"
                "?ssl=true&amqp_durable_queues=true&ssl_ca_file=%2Fetc%2Fca.pem",
                "topics": ["usage"],
                "exchanges": ["nova"],
                "pool": "",
                "priorities": ["info", "error"],
            }
        ],
    }
    assert "hush" not in output
    assert toml.stat().st_mode & 0o777 == 0o600
    options = [line.split("=")[0].strip() for line in EVERYTHING.splitlines() if "=" in line]
    assert [name for name in options if f".{name} " not in output] == []
    for option in ("database.connection_url", "collector.retry_delay", "other.thing", "DEFAULT.log_file"):
        assert f"- {option} " in output


def test_defaults_of_almanach_are_listed(cli: Cli, tmp_path: Path) -> None:
    output = cli("import", write_config(tmp_path, "[api]\n"))
    loaded = settings.load_settings(cli.home)
    assert (loaded.almanach_host, loaded.almanach_port, loaded.almanach_auth) == ("127.0.0.1", 8000, "private_key")
    assert (loaded.collector_topics, loaded.collector_exchanges, loaded.collector_pool) == (
        ("almanach",),
        ("openstack",),
        "",
    )
    assert [host.name for host in parse_transport_url(loaded.collector_url, "x").hosts] == ["localhost"]
    for key in ("almanach_host", "almanach_port", "almanach_auth", "collector_url", "collector_topics"):
        assert re.search(rf"^  \(Almanach's default\) +{key} = ", output, re.MULTILINE)


@pytest.mark.parametrize("text", ["[auth]\n", "[auth]\nprivate_key = secret\n", "[ALMANACH]\nauth_token = secret\n"])
def test_missing_or_public_private_key_is_replaced(cli: Cli, tmp_path: Path, text: str) -> None:
    output = cli("import", write_config(tmp_path, text))
    key = almanach.build_settings(settings.load_settings(cli.home)).private_key
    assert len(key) >= 40
    assert key not in output
    assert "Warning: the file has" in output
    assert "a new key was generated" in output


def test_generated_keys_differ(cli: Cli, tmp_path: Path) -> None:
    homes = [tmp_path / "first", tmp_path / "second"]
    for home in homes:
        cli("import", write_config(tmp_path, "[auth]\n"), "--into", home)
    first, second = (settings.load_settings(home).almanach_private_key for home in homes)
    assert first != second


def test_existing_settings_are_not_overwritten(cli: Cli, tmp_path: Path) -> None:
    cli.home.mkdir()
    (cli.home / "stratiform.toml").write_text("port = 9999\n")
    assert "already exists" in cli("import", write_config(tmp_path, EVERYTHING), exit_code=1)
    assert (cli.home / "stratiform.toml").read_text() == "port = 9999\n"


def test_option_into_selects_the_home(cli: Cli, tmp_path: Path) -> None:
    other = tmp_path / "other"
    cli("import", write_config(tmp_path, EVERYTHING), "--into", str(other))
    assert [file.name for file in other.iterdir()] == ["stratiform.toml"]
    assert not cli.home.exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no section", "is not a valid configuration file"),
        ("[nova]\nx = 1\n", "does not contain any of Almanach's sections"),
        ("[api]\nbind_port = many\n", "bind_port"),
        ("[api]\nbind_port = 99999\n", "bind_port"),
        ("[collector]\ntransport_url = kafka://u:hush@x:1\n", "collector_url"),
        ("[collector]\ntransport_url = ,\n", "transport_url is empty"),
        ("[keystone_authtoken]\nauth_url = nonsense\n", "almanach_keystone_url"),
    ],
)
def test_invalid_configuration_is_refused(cli: Cli, tmp_path: Path, text: str, reason: str) -> None:
    output = cli("import", write_config(tmp_path, text), exit_code=1)
    assert reason in output
    assert "hush" not in output
    assert "Traceback" not in output
    assert not (cli.home / "stratiform.toml").exists()


def test_missing_file_is_refused(cli: Cli, tmp_path: Path) -> None:
    assert "Cannot read" in cli("import", str(tmp_path / "no.cfg"), exit_code=1)


def test_special_characters_are_preserved(cli: Cli, tmp_path: Path) -> None:
    cli("import", write_config(tmp_path, '[auth]\nprivate_key = a"b\\c\x7f\u00e9\U0001f600$$\n'))
    assert settings.load_settings(cli.home).almanach_private_key == 'a"b\\c\x7f\u00e9\U0001f600$'
