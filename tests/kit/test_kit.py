"""The small parts: money, time, paging, settings, keys, the log."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratiform.app.settings import OTHER_VARIABLES, Settings
from stratiform.kit import clock, log, settings
from stratiform.kit.crypto import Keys, hash_password, password_matches
from stratiform.kit.errors import Invalid
from stratiform.kit.money import allocate
from stratiform.kit.pagination import Page, paginate


@given(
    st.integers(min_value=-(10**12), max_value=10**12), st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20)
)
def test_allocated_parts_sum_to_the_whole(total: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        with pytest.raises(ValueError, match="nothing to allocate"):
            allocate(total, weights)
        return
    parts = allocate(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < abs(sum(weights))


@given(st.integers(0, 4_000_000_000_000_000))
def test_time_comes_back_as_it_went(us: int) -> None:
    assert clock.parse_iso(clock.iso(us)) == us
    assert clock.parse_iso(clock.iso_naive(us)) == us


def test_pages_follow_their_marker() -> None:
    first = paginate(["a", "b", "c"], Page(limit=2), key=str)
    assert (list(first.items), first.more) == (["a", "b"], True)
    assert list(paginate(["a", "b", "c"], Page(limit=2, marker="b"), key=str).items) == ["c"]
    with pytest.raises(Invalid, match="marker"):
        paginate(["a"], Page(marker="x"), key=str)
    with pytest.raises(Invalid, match="limit"):
        Page.parse("-1", None)


def test_settings_come_from_file_and_environment_in_that_order(tmp_path: Path) -> None:
    file = tmp_path / "stratiform.toml"
    file.write_text('port = 9000\nregion = "North"\n')
    found = settings.load(Settings, file, {"STRATIFORM_PORT": "9001"}, home=tmp_path)
    assert (found.port, found.region) == (9001, "North")


@pytest.mark.parametrize(
    ("text", "environment", "told"),
    [
        ("prot = 1", {}, "unknown setting 'prot'"),
        ('port = "many"', {}, "port in "),
        ("port = [", {}, "not valid TOML"),
        ("", {"STRATIFORM_PORT": "x"}, "STRATIFORM_PORT in the environment"),
        ("port = 65536", {}, "port in "),
        ('log_level = "LOUD"', {}, "log_level in "),
        ("worker_threads = 0", {}, "worker_threads in "),
        ("bcrypt_rounds = 3", {}, "bcrypt_rounds in "),
        ('collector_url = "http://127.0.0.1/"', {}, "collector_url in "),
        ('public_url = "127.0.0.1"', {}, "public_url in "),
        ("", {"STRATIFORM_DATABASE_UR": "hush"}, "unknown setting STRATIFORM_DATABASE_UR in the environment"),
        ("", {"STRATIFORM_SOURCES": "hush"}, "unknown setting STRATIFORM_SOURCES in the environment"),
        ("", {"RABBITMQ_URL": "http://hush@h/"}, "RABBITMQ_URL in the environment"),
        ("sources = 1", {}, "sources in .*: Expected tables"),
        ('sources = ["rabbit://u:hush@h/"]', {}, "sources in .*: Expected tables"),
        ('[[sources]]\nurl = "rabbit://h/"\n[[sources]]\n', {}, r"url of \[\[sources]] number 2 in .*: missing"),
        ('[[sources]]\nurl = "http://hush@h/"', {}, r"url of \[\[sources]] number 1 in "),
        ('[[sources]]\nurl = "rabbit://h/"\npol = "x"', {}, r"\[\[sources]] number 1 in .*: unknown setting 'pol'"),
        ('[[sources]]\nurl = "rabbit://h/"\ntopics = 7', {}, r"topics of \[\[sources]] number 1 in "),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, environment: dict[str, str], told: str) -> None:
    file = tmp_path / "stratiform.toml"
    file.write_text(text)
    with pytest.raises(Invalid, match=told) as refused:
        settings.load(Settings, file, environment, home=tmp_path)
    assert "hush" not in refused.value.message + refused.value.hint


def test_tables_are_settings_too(tmp_path: Path) -> None:
    file = tmp_path / "stratiform.toml"
    file.write_text("""
        [[sources]]
        url = "rabbit://u:hush@one/"
        cloud = "north"
        topics = "metering,more"
        [[sources]]
        url = "rabbit://u:hush@two/"
        pool = ""
    """)
    found = settings.load(Settings, file, {}, home=tmp_path)
    north, other = found.sources
    assert (north.cloud, north.topics, north.pool) == ("north", ("metering", "more"), "stratiform")
    assert (other.cloud, other.exchanges, other.pool) == ("openstack", ("nova", "cinder", "openstack"), "")
    assert "hush" not in repr(found)
    assert list(found.message_buses) == ["url of [[sources]] number 1", "url of [[sources]] number 2"]


def test_what_others_read_is_left_alone(tmp_path: Path) -> None:
    for name in (
        "STRATIFORM_HOME",
        "STRATIFORM_CLOUD_PASSWORD",
        "STRATIFORM_TEST_RABBITMQ",
        "STRATIFORM_API_SERVICE_HOST",  # Kubernetes, beside a service named stratiform-api
        "STRATIFORM_API_SERVICE_PORT_HTTP",
        "STRATIFORM_PORT_8780_TCP_ADDR",
    ):
        settings.load(Settings, tmp_path / "none", {name: "x"}, others=OTHER_VARIABLES, home=tmp_path)


def test_almanach_s_variable_counts_where_nothing_else_tells_the_bus(tmp_path: Path) -> None:
    file = tmp_path / "stratiform.toml"
    environment = {"RABBITMQ_URL": "amqp://guest:guest@messaging:5672"}
    assert settings.load(Settings, file, environment, home=tmp_path).collector_url == environment["RABBITMQ_URL"]
    environment["STRATIFORM_COLLECTOR_URL"] = "rabbit://one/"
    assert settings.load(Settings, file, environment, home=tmp_path).collector_url == "rabbit://one/"
    file.write_text('collector_url = "rabbit://two/"')
    del environment["STRATIFORM_COLLECTOR_URL"]
    assert settings.load(Settings, file, environment, home=tmp_path).collector_url == "rabbit://two/"


def test_what_the_command_line_gives_is_checked_too(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="port as given") as told:
        settings.load(Settings, tmp_path / "none", {}, home=tmp_path, port=70000)
    assert told.value.hint == "Port that the API listens on"


def test_keys_rotate_and_old_secrets_stay_readable(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    keys.create()
    secret = keys.encrypt(b"hello")
    keys.rotate()
    assert keys.decrypt(secret) == b"hello"
    for _ in range(3):
        keys.rotate()
    with pytest.raises(Invalid):
        keys.decrypt(secret)
    assert {entry.stat().st_mode & 0o777 for entry in (tmp_path / "keys").iterdir()} == {0o600}


def test_passwords_are_hashed() -> None:
    hashed = hash_password("sesame", rounds=4)
    assert "sesame" not in hashed
    assert password_matches("sesame", hashed)
    assert not password_matches("Sesame", hashed)


@pytest.mark.parametrize(
    "text",
    [
        "X-Auth-Token: gAAAAsecret1",
        'body {"password": "gAAAAsecret1"}',
        "rabbit://guest:gAAAAsecret1@127.0.0.1:5672/",
        "secret_key=gAAAAsecret1 region=x",
    ],
)
def test_secrets_never_reach_the_log(text: str) -> None:
    assert "gAAAAsecret1" not in log.hide_secrets(text)
