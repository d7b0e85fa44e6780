"""Addresses, beside oslo.messaging's own reading of them."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from stratiform.interfaces.amqp.address import Address, parse
from stratiform.kit.errors import Invalid
from support.bus import oslo_url


@pytest.mark.parametrize(
    "url",
    [
        "rabbit://guest:guest@127.0.0.1:5672/",
        "rabbit://guest:guest@127.0.0.1:5672",
        "rabbit://u:p@h/",
        "rabbit://u:p@h:5673/nova",
        "rabbit://u:p@h//",
        "rabbit://u:p@h/%2Fnova",
        "rabbit://a:b@one:5672,c:d@two:5673,e:f@three/cloud?ssl=true&amqp_durable_queues=true",
        "rabbit://us%40er:p%2Fa%3Ass%2C@h/",
        "rabbit://u:p:q@h/",
        "rabbit://u:p@[::1]:5672,u:p@[fe80::1]/",
    ],
)
def test_an_address_is_what_oslo_messaging_reads(url: str) -> None:
    theirs = oslo_url(url)
    ours = parse(url, "url")
    assert [(host.name, host.user, host.password) for host in ours.hosts] == [
        (host.hostname, host.username, host.password) for host in theirs.hosts
    ]
    assert [host.port for host in ours.hosts] == [host.port or 5672 for host in theirs.hosts]
    assert ours.virtual_host == (theirs.virtual_host or "/")


def test_every_option_of_oslo_messaging_is_known() -> None:
    rabbit: Any = importlib.import_module("oslo_messaging._drivers.impl_rabbit")
    amqp: Any = importlib.import_module("oslo_messaging._drivers.amqp")
    for option in (*rabbit.rabbit_opts, *amqp.amqp_opts):
        default = "1" if option.default is None else option.default
        parse(f"rabbit://h/?{option.dest}={default}", "url")


def test_switches_are_read_as_oslo_config_reads_them() -> None:
    def durable(text: str) -> bool:
        return parse(f"rabbit://h/?amqp_durable_queues={text}", "url").durable

    assert all(durable(text) for text in ("1", "true", "True", "yes", "on"))
    assert not any(durable(text) for text in ("0", "false", "False", "no", "off"))


def test_quorum_queues_are_durable() -> None:
    assert parse("rabbit://h/?rabbit_quorum_queue=true", "url").durable


def test_a_user_and_a_port_may_be_missing() -> None:
    for url, port, tls in (("rabbit://h/", 5672, False), ("amqp://h", 5672, False), ("amqps://h/", 5671, True)):
        found = parse(url, "url")
        assert (found.hosts[0].user, found.hosts[0].password, found.hosts[0].port) == ("guest", "guest", port)
        assert found.options.ssl is tls


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "begins with rabbit://"),
        ("http://hush@127.0.0.1/", "begins with rabbit://"),
        ("rabbit:///", "names no broker"),
        ("rabbit://u:hush@h:port/", "nothing but its port"),
        ("rabbit://u:hush@h:/", "nothing but its port"),
        ("rabbit://u:hush@h:0/", "from 1 to 65535"),
        ("rabbit://u:hush@h:65536/", "from 1 to 65535"),
        ("rabbit://u:hush@/", "nothing but its port"),
        ("rabbit://u:hush@::1/", "nothing but its port"),
        ("rabbit://u:hush@[::1/", "not understood"),
        ("rabbit://u:hu/sh@h:5672/", "password"),
        ("rabbit://u:hu?sh@h:5672/", "password"),
        ("rabbit://u:hu#sh@h:5672/", "password"),
        ("rabbit://u:hush@h/?amqp_durable_queue=true", "unknown option amqp_durable_queue"),
        ("rabbit://u:hush@h/?ssl=perhaps", "option ssl"),
        ("rabbit://u:hush@h/?heartbeat_timeout_threshold=-1", "option heartbeat_timeout_threshold"),
        ("rabbit://u:hush@h/?rabbit_login_method=RABBIT-CR-DEMO", "option rabbit_login_method"),
        ("rabbit://u:hush@h/?ssl=true&ssl_ca_file=/nowhere/ca.pem", "there is no file /nowhere/ca.pem"),
        ("rabbit://u:hush@h/?rabbit_quorum_queue=1&rabbit_ha_queues=1", "exclude each other"),
    ],
)
def test_what_is_wrong_is_told_without_the_password(url: str, told: str) -> None:
    with pytest.raises(Invalid, match=f"some_url.*{told}") as refused:
        parse(url, "some_url")
    said = refused.value.message + refused.value.hint
    assert "hush" not in said
    assert "sh@" not in said


def test_nothing_shows_a_password(tmp_path: Path) -> None:
    found: Address = parse("rabbit://me:hush@one:1,me:hush@[::2]:3/cloud", "url")
    assert str(found) == "rabbit://one:1,[::2]:3/cloud"
    assert "hush" not in repr(found)
