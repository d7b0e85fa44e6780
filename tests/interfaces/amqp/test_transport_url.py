"""Addresses, compared with oslo.messaging."""

import importlib
from typing import Any

import pytest

from stratiform.interfaces.amqp.transport_url import TransportUrl, parse_transport_url
from stratiform.kit.errors import Invalid
from support.bus import parse_with_oslo


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
def test_address_is_parsed_as_by_oslo_messaging(url: str) -> None:
    expected = parse_with_oslo(url)
    address = parse_transport_url(url, "url")
    assert [(host.name, host.user, host.password) for host in address.hosts] == [
        (host.hostname, host.username, host.password) for host in expected.hosts
    ]
    assert [host.port for host in address.hosts] == [host.port or 5672 for host in expected.hosts]
    assert address.virtual_host == (expected.virtual_host or "/")


def test_all_options_of_oslo_messaging_are_accepted() -> None:
    rabbit: Any = importlib.import_module("oslo_messaging._drivers.impl_rabbit")
    amqp: Any = importlib.import_module("oslo_messaging._drivers.amqp")
    for option in (*rabbit.rabbit_opts, *amqp.amqp_opts):
        default = "1" if option.default is None else option.default
        parse_transport_url(f"rabbit://h/?{option.dest}={default}", "url")


def test_booleans_are_parsed_as_by_oslo_config() -> None:
    def is_durable(text: str) -> bool:
        return parse_transport_url(f"rabbit://h/?amqp_durable_queues={text}", "url").is_durable

    assert all(is_durable(text) for text in ("1", "true", "True", "yes", "on"))
    assert not any(is_durable(text) for text in ("0", "false", "False", "no", "off"))


def test_quorum_queues_are_durable() -> None:
    assert parse_transport_url("rabbit://h/?rabbit_quorum_queue=true", "url").is_durable


def test_user_and_port_have_defaults() -> None:
    for url, port, tls in (("rabbit://h/", 5672, False), ("amqp://h", 5672, False), ("amqps://h/", 5671, True)):
        address = parse_transport_url(url, "url")
        assert (address.hosts[0].user, address.hosts[0].password, address.hosts[0].port) == ("guest", "guest", port)
        assert address.options.ssl is tls


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "must begin with rabbit://"),
        ("http://hush@127.0.0.1/", "must begin with rabbit://"),
        ("rabbit:///", "does not specify a broker"),
        ("rabbit://u:hush@h:port/", "only a port may follow a host"),
        ("rabbit://u:hush@h:/", "only a port may follow a host"),
        ("rabbit://u:hush@h:0/", "from 1 to 65535"),
        ("rabbit://u:hush@h:65536/", "from 1 to 65535"),
        ("rabbit://u:hush@/", "only a port may follow a host"),
        ("rabbit://u:hush@::1/", "only a port may follow a host"),
        ("rabbit://u:hush@[::1/", "not a valid transport URL"),
        ("rabbit://u:hu/sh@h:5672/", "password"),
        ("rabbit://u:hu?sh@h:5672/", "password"),
        ("rabbit://u:hu#sh@h:5672/", "password"),
        ("rabbit://u:hush@h/?amqp_durable_queue=true", "unknown option amqp_durable_queue"),
        ("rabbit://u:hush@h/?ssl=perhaps", "option ssl"),
        ("rabbit://u:hush@h/?heartbeat_timeout_threshold=-1", "option heartbeat_timeout_threshold"),
        ("rabbit://u:hush@h/?rabbit_login_method=RABBIT-CR-DEMO", "option rabbit_login_method"),
        ("rabbit://u:hush@h/?ssl=true&ssl_ca_file=/nowhere/ca.pem", "file /nowhere/ca.pem not found"),
        ("rabbit://u:hush@h/?rabbit_quorum_queue=1&rabbit_ha_queues=1", "cannot be used together"),
    ],
)
def test_error_has_no_password(url: str, message: str) -> None:
    with pytest.raises(Invalid, match=f"some_url.*{message}") as error:
        parse_transport_url(url, "some_url")
    text = error.value.message + error.value.hint
    assert "hush" not in text
    assert "sh@" not in text


def test_str_and_repr_have_no_password() -> None:
    address: TransportUrl = parse_transport_url("rabbit://me:hush@one:1,me:hush@[::2]:3/cloud", "url")
    assert str(address) == "rabbit://one:1,[::2]:3/cloud"
    assert "hush" not in repr(address)
