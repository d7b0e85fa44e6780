"""The address of a message bus in the format of oslo.messaging (`transport_url`):

    rabbit://USER:PASSWORD@HOST:5672[,USER:PASSWORD@HOST:5672…]/VHOST?OPTION=VALUE

Source: oslo_messaging/transport.py (TransportURL.parse), oslo_messaging/_drivers/impl_rabbit.py (options).
"""

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from msgspec import Meta

from stratiform.kit.errors import Invalid, describe_cause
from stratiform.kit.text_conversion import convert_text

#: Default ports by scheme; oslo.messaging uses 5672 even with TLS.
_PORTS = {"rabbit": 5672, "amqp": 5672, "amqps": 5671}

_HINT = "use rabbit://USER:PASSWORD@HOST:5672/; encode / as %2F, ? as %3F, # as %23, @ as %40 and a comma as %2C"

#: Booleans as oslo.config parses them.
_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "t": True, "y": True} | {
    "0": False, "false": False, "no": False, "off": False, "f": False, "n": False
}  # fmt: skip

_Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]


@dataclass(frozen=True, slots=True)
class BrokerHost:
    """A broker with credentials."""

    name: str
    port: int
    user: str
    password: str = field(repr=False)

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class ConsumerOptions:
    """Options of oslo.messaging that affect a consumer, with their defaults there."""

    amqp_durable_queues: bool = False
    amqp_auto_delete: bool = False
    enable_cancel_on_failover: bool = False
    heartbeat_timeout_threshold: _Count = 60
    rabbit_ha_queues: bool = False
    rabbit_login_method: Literal["AMQPLAIN", "PLAIN", "EXTERNAL"] = "AMQPLAIN"
    rabbit_qos_prefetch_count: Annotated[int, Meta(ge=0, le=65535)] = 0
    rabbit_quorum_delivery_limit: _Count = 0
    rabbit_quorum_max_memory_bytes: _Count = 0
    rabbit_quorum_max_memory_length: _Count = 0
    rabbit_quorum_queue: bool = False
    ssl: bool = False
    ssl_ca_file: str = ""
    ssl_cert_file: str = ""
    ssl_key_file: str = ""


_OPTIONS = {option.name: option for option in dataclasses.fields(ConsumerOptions)}

#: Options without effect on a consumer; they are accepted because other services may use the same URL.
_IGNORED_OPTIONS = frozenset(
    (
        "conn_pool_min_size", "conn_pool_ttl", "direct_mandatory_flag", "heartbeat_in_pthread", "heartbeat_rate",
        "hostname", "kombu_compression", "kombu_failover_strategy", "kombu_missing_consumer_retry_timeout",
        "kombu_reconnect_delay", "kombu_reconnect_splay", "processname", "rabbit_interval_max",
        "rabbit_retry_backoff", "rabbit_retry_interval", "rabbit_stream_fanout", "rabbit_transient_queues_ttl",
        "rabbit_transient_quorum_queue", "rpc_conn_pool_size", "ssl_enforce_fips_mode",
        "ssl_enforce_hostname_verification", "ssl_version", "use_queue_manager",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TransportUrl:
    """The URL of a message bus. Any of its hosts can be used."""

    hosts: tuple[BrokerHost, ...]
    virtual_host: str
    options: ConsumerOptions

    @property
    def is_durable(self) -> bool:
        """Return True if oslo.messaging declares exchanges and queues as durable."""
        return self.options.amqp_durable_queues or self.options.rabbit_quorum_queue

    def __str__(self) -> str:
        """Return the URL without users and passwords."""
        virtual_host = "" if self.virtual_host == "/" else self.virtual_host
        return f"rabbit://{','.join(map(str, self.hosts))}/{virtual_host}"


def parse_transport_url(text: str, key: str) -> TransportUrl:
    """Parse the value of the setting `key`. Does not connect.

    Raises Invalid, with the key and without any part of the text that may be a password.
    """
    try:
        url = urlsplit(text)
    except ValueError as error:
        raise Invalid(f"{key} is not a valid transport URL", hint=_HINT) from error
    if url.scheme not in _PORTS:
        raise Invalid(f"{key} is not a valid transport URL: it must begin with rabbit://", hint=_HINT)
    if "@" in url.path + url.query + url.fragment:
        problem = "special characters, such as those in the password, must be percent-encoded"
        raise Invalid(f"{key} is not a valid transport URL: {problem}", hint=_HINT)
    options = _parse_options(dict(parse_qsl(url.query, keep_blank_values=True)), key, tls=url.scheme == "amqps")
    hosts = tuple(_parse_host(part, key, _PORTS[url.scheme]) for part in url.netloc.split(",") if part)
    if not hosts:
        raise Invalid(f"{key} does not specify a broker", hint=_HINT)
    return TransportUrl(hosts, unquote(url.path[1:]) or "/", options)


def _parse_host(text: str, key: str, default_port: int) -> BrokerHost:
    """Parse `USER:PASSWORD@HOST:PORT`. Only the host is required; an IPv6 address is in brackets."""
    credentials, _, address = text.rpartition("@")
    user, _, password = credentials.partition(":")
    match = re.fullmatch(r"(\[(?P<six>[0-9A-Fa-f:.]+(%\w+)?)]|(?P<name>[^:\[\]]+))(:(?P<port>[0-9]{1,5}))?", address)
    if match is None:
        raise Invalid(f"{key} is not a valid transport URL: only a port may follow a host", hint=_HINT)
    port = int(match["port"] or default_port)
    if not 1 <= port <= 65535:
        raise Invalid(f"{key} is not a valid transport URL: a port must be from 1 to 65535", hint=_HINT)
    return BrokerHost(match["six"] or match["name"], port, unquote(user) or "guest", unquote(password) or "guest")


def _parse_options(query: dict[str, str], key: str, *, tls: bool) -> ConsumerOptions:
    values: dict[str, Any] = {"ssl": tls}
    for name, text in query.items():
        if name in _IGNORED_OPTIONS:
            continue
        if name not in _OPTIONS:
            raise Invalid(f"{key} has an unknown option {name}", hint=f"supported options: {', '.join(_OPTIONS)}")
        value = _BOOLEANS.get(text.lower(), text) if _OPTIONS[name].type is bool else text
        try:
            values[name] = convert_text(value, _OPTIONS[name].type)
        except msgspec.ValidationError as error:
            raise Invalid(
                f"{key}: option {name}: {describe_cause(error)}",
                hint="see docs/howto/collect-notifications-from-openstack.md",
            ) from error
    options = ConsumerOptions(**values)
    if options.rabbit_quorum_queue and options.rabbit_ha_queues:
        raise Invalid(f"{key}: rabbit_quorum_queue and rabbit_ha_queues cannot be used together")
    for name in ("ssl_ca_file", "ssl_cert_file", "ssl_key_file"):
        file = getattr(options, name)
        if file and not Path(file).is_file():
            raise Invalid(f"{key}: option {name}: file {file} not found")
    return options
