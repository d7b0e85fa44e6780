"""A connection to a broker. Used by one thread.

py-amqp, which oslo.messaging uses through kombu, is used directly: see decision 0013.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import amqp  # type: ignore[import-untyped]  # it has no types

from stratiform.interfaces.amqp.frame_assembly import Delivery, FrameHandler
from stratiform.interfaces.amqp.queues import Subscription, declare_queues, list_unread_queues
from stratiform.interfaces.amqp.transport_url import BrokerHost, ConsumerOptions, TransportUrl

_CONNECT_TIMEOUT_S = 5

#: The timeout for responses of the broker and for sending.
_SOCKET_TIMEOUT_S = 10

#: The timeout for receiving messages, after which stored messages are acknowledged.
_RECEIVE_TIMEOUT_S = 0.05

#: Bytes that are received at once. A thread that waits for the network then waits for the other threads, too.
_RECEIVE_BYTES = 1024 * 1024

_HEARTBEAT_EVERY_S = 1.0

#: What a broker or the network can raise.
ERRORS = (amqp.exceptions.AMQPError, OSError)

#: Called with messages in the order of their delivery tags.
OnMessages = Callable[[Sequence[Delivery]], None]

for _logger in ("amqp", "amqp.connection.Connection.heartbeat_tick"):
    logging.getLogger(_logger).setLevel(logging.ERROR)


class ConsumerConnection:
    """A connection that consumes messages."""

    def __init__(self, connection: amqp.Connection, frames: FrameHandler, on_messages: OnMessages) -> None:
        self._connection = connection
        self._frames = frames
        self._on_messages = on_messages
        self._channel = connection.channel()
        self._last_heartbeat = time.monotonic()

    def consume(self, subscription: Subscription, prefetch: int, options: ConsumerOptions) -> None:
        """Start consuming; the broker sends at most `prefetch` messages before they are acknowledged."""
        self._channel.basic_qos(0, prefetch, False)
        arguments = {"x-cancel-on-ha-failover": True} if options.enable_cancel_on_failover else None
        for queue in subscription.list_queues():
            self._channel.basic_consume(queue, arguments=arguments)

    def list_unread_queues(self, subscription: Subscription) -> dict[str, int]:
        """See `queues.list_unread_queues`."""
        return list_unread_queues(self._connection, subscription)

    def receive(self) -> None:
        """Receive what has arrived, or nothing within a short time. Raises errors of the broker and the network."""
        data = self._read()
        if data:
            transport = self._connection.transport
            # py-amqp reads the rest of a frame if it waits for a response
            transport._read_buffer = self._frames.handle_all(transport._read_buffer + data)
        deliveries = self._frames.pop_deliveries()
        if deliveries:
            self._on_messages(deliveries)

    def _read(self) -> bytes:
        """Return what has arrived; nothing after the timeout."""
        transport = self._connection.transport
        with suppress(TimeoutError), transport.having_timeout(_RECEIVE_TIMEOUT_S):
            data: bytes = transport.sock.recv(_RECEIVE_BYTES)
            if not data:
                raise ConnectionResetError("Server unexpectedly closed connection")
            return data
        return b""

    def send_heartbeat(self) -> None:
        """Send a heartbeat if it is due. Raises if the broker has sent none for too long."""
        now = time.monotonic()
        if now - self._last_heartbeat > _HEARTBEAT_EVERY_S:
            self._last_heartbeat = now
            self._connection.heartbeat_tick()

    def acknowledge(self, tag: int) -> None:
        """Acknowledge all messages up to `tag`."""
        self._channel.basic_ack(tag, multiple=True)


@contextmanager
def connect(
    host: BrokerHost, address: TransportUrl, subscription: Subscription, on_messages: OnMessages
) -> Iterator[ConsumerConnection]:
    """Connect to a broker, and declare what is consumed. Raises errors of the broker and the network."""
    frames = FrameHandler()
    connection = open_connection(
        host, address, heartbeat=address.options.heartbeat_timeout_threshold, frame_handler=frames
    )
    try:
        declare_queues(connection, address, subscription)
        yield ConsumerConnection(connection, frames, on_messages)
        connection.close()
    finally:
        connection.collect()


def open_connection(host: BrokerHost, address: TransportUrl, **options: object) -> amqp.Connection:
    """Connect to a broker. `options`: further ones of py-amqp. Raises errors of the broker and the network."""
    connection = amqp.Connection(
        host=str(host),
        userid=host.user,
        password=host.password,
        login_method=address.options.rabbit_login_method,
        virtual_host=address.virtual_host,
        ssl=_tls_options(host, address.options) if address.options.ssl else False,
        connect_timeout=_CONNECT_TIMEOUT_S,
        client_properties={"connection_name": f"stratiform:{os.getpid()}"},
        **options,
    )
    try:
        connection.connect()
        connection.sock.settimeout(_SOCKET_TIMEOUT_S)
    except BaseException:
        connection.collect()
        raise
    return connection


def _tls_options(host: BrokerHost, options: ConsumerOptions) -> dict[str, str]:
    """Return the TLS options. The certificate is always verified, by default with the authorities of this machine."""
    files = {"ca_certs": options.ssl_ca_file, "certfile": options.ssl_cert_file, "keyfile": options.ssl_key_file}
    return {"server_hostname": host.name} | {name: file for name, file in files.items() if file}
