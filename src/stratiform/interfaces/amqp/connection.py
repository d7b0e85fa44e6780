"""One connection to a bus, and the messages that come over it. Used by one thread.

py-amqp, which is beneath oslo.messaging too, is used without it: see decision 0013.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import amqp  # type: ignore[import-untyped]  # it has no types

from stratiform.interfaces.amqp.address import Address, Host, Options
from stratiform.interfaces.amqp.frames import Assembly
from stratiform.interfaces.amqp.queues import Wanted, declare

_CONNECT_S = 5

#: How long the broker may take to answer, and a message of ours to get onto the wire.
_ANSWER_S = 10

#: How often the line looks up from hearing, to acknowledge what was stored meanwhile.
_LISTEN_S = 0.05

_HEARTBEAT_EVERY_S = 1.0

for _noisy in ("amqp", "amqp.connection.Connection.heartbeat_tick"):
    logging.getLogger(_noisy).setLevel(logging.ERROR)


class Line:
    """A connection that hears."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._channel = connection.channel()
        self._beaten = time.monotonic()

    def hear(self, wanted: Wanted, prefetch: int, options: Options) -> None:
        """Let messages come, at most `prefetch` that are not acknowledged."""
        self._channel.basic_qos(0, prefetch, False)
        more = {"x-cancel-on-ha-failover": True} if options.enable_cancel_on_failover else None
        for queue in wanted.queues():
            self._channel.basic_consume(queue, arguments=more)

    def listen(self) -> None:
        """Take one message, or none where none comes for a moment. Raises what the broker or the network raises."""
        with suppress(TimeoutError):
            self._connection.drain_events(timeout=_LISTEN_S)

    def beat(self) -> None:
        """Let the broker know that we live. Raises where the broker itself has been silent for too long."""
        now = time.monotonic()
        if now - self._beaten > _HEARTBEAT_EVERY_S:
            self._beaten = now
            self._connection.heartbeat_tick()

    def acknowledge(self, tag: int) -> None:
        """The broker may forget the message `tag` and all before it."""
        self._channel.basic_ack(tag, multiple=True)


@contextmanager
def connected(host: Host, address: Address, wanted: Wanted, got: Callable[[int, bytes], None]) -> Iterator[Line]:
    """A line to one broker, where everything that is wanted was declared. `got` is called with each message's tag
    and body. Raises what broker and network raise."""
    options = address.options
    connection = amqp.Connection(
        host=str(host),
        userid=host.user,
        password=host.password,
        login_method=options.rabbit_login_method,
        virtual_host=address.virtual_host,
        ssl=_tls(host, options) if options.ssl else False,
        connect_timeout=_CONNECT_S,
        heartbeat=options.heartbeat_timeout_threshold,
        frame_handler=Assembly(got),
        client_properties={"connection_name": f"stratiform:{os.getpid()}"},
    )
    try:
        connection.connect()
        connection.sock.settimeout(_ANSWER_S)
        declare(connection, address, wanted)
        yield Line(connection)
        connection.close()
    finally:
        connection.collect()


def _tls(host: Host, options: Options) -> dict[str, str]:
    """The broker's certificate is always checked: against the authorities of this machine, where none are given."""
    files = {"ca_certs": options.ssl_ca_file, "certfile": options.ssl_cert_file, "keyfile": options.ssl_key_file}
    return {"server_hostname": host.name} | {name: file for name, file in files.items() if file}
