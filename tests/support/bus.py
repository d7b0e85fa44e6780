"""RabbitMQ for tests: names for one test, publishing as OpenStack services do, and a proxy that can be interrupted."""

import importlib
import os
import select
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from support.databases import require

amqp: Any = importlib.import_module("amqp")
kombu: Any = importlib.import_module("kombu")
with warnings.catch_warnings():  # eventlet, which oslo.messaging imports, warns about its deprecation
    warnings.simplefilter("ignore")
    oslo_messaging: Any = importlib.import_module("oslo_messaging")
cfg: Any = importlib.import_module("oslo_config.cfg")

URL = os.environ.get("STRATIFORM_TEST_RABBITMQ", "rabbit://guest:guest@127.0.0.1:5672/")


def parse_with_oslo(url: str) -> Any:
    """Return the URL as oslo.messaging parses it, with a configuration of its own."""
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    return oslo_messaging.TransportURL.parse(conf, url)


@contextmanager
def connect_kombu() -> Iterator[Any]:
    """Connect to the broker with kombu."""
    connection = kombu.Connection(URL.replace("rabbit://", "amqp://"), connect_timeout=3)
    try:
        connection.connect()
    except OSError:
        require("RabbitMQ", available=False)
    yield connection
    connection.release()


@contextmanager
def connect_amqp() -> Iterator[Any]:
    """Connect to the broker with py-amqp."""
    url = urlsplit(URL)
    connection = amqp.Connection(f"{url.hostname}:{url.port}", userid=url.username, password=url.password)
    connection.connect()
    yield connection
    connection.collect()


class InvalidPropertiesMessage(amqp.Message):  # type: ignore[misc]
    """A message with a content type that is not UTF-8, which no library sends."""

    def _serialize_properties(self) -> bytes:
        return b"\x80\x00\x03\xff\xfe\xfd"


@dataclass
class BusNames:
    """Names of an exchange, a topic and a pool for one test."""

    broker: Any
    exchange: str = field(default_factory=lambda: f"st-{uuid4().hex[:10]}")
    topic: str = field(default_factory=lambda: f"notes-{uuid4().hex[:10]}")
    pool: str = field(default_factory=lambda: f"pool-{uuid4().hex[:10]}")

    def publish(self, bodies: list[bytes], priority: str = "info", **properties: Any) -> None:
        """Publish to the topic exchange, which must exist, with the routing key `TOPIC.PRIORITY`."""
        producer = self.broker.Producer()
        options = {"content_type": "application/json", "content_encoding": "utf-8"} | properties
        for body in bodies:
            producer.publish(body, exchange=self.exchange, routing_key=f"{self.topic}.{priority}", **options)

    def count_messages(self, queue: str = "") -> int:
        """Return the number of messages in a queue (default: the pool's); -1 if it does not exist."""
        with self.broker.channel() as channel:
            try:
                return int(channel.queue_declare(queue or self.pool, passive=True).message_count)
            except self.broker.channel_errors:
                return -1

    def count_consumers(self, queue: str = "") -> int:
        """Return the number of consumers of a queue (default: the pool's), which is bound then."""
        with self.broker.channel() as channel:
            try:
                return int(channel.queue_declare(queue or self.pool, passive=True).consumer_count)
            except self.broker.channel_errors:
                return 0

    def delete(self, *queues: str) -> None:
        """Delete the exchange, the pool's queue and `queues`."""
        for queue in (self.pool, *queues):
            with suppress(*self.broker.channel_errors), self.broker.channel() as channel:
                channel.queue_delete(queue)
        with suppress(*self.broker.channel_errors), self.broker.channel() as channel:
            channel.exchange_delete(self.exchange)


def wait_for(condition: Callable[[], bool], timeout_s: float = 20) -> None:
    """Wait until `condition` is true; fail after the timeout."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "timeout"
        time.sleep(0.05)


class Proxy:
    """A port that forwards to the broker; with TLS if there is a context."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        url = urlsplit(URL)
        self._broker = (url.hostname or "", url.port or 5672)
        self._tls = tls
        self._sockets: list[socket.socket] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def interrupt(self) -> None:
        """Close all connections; new ones are accepted."""
        while self._sockets:
            with suppress(OSError):
                self._sockets.pop().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.interrupt()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with suppress(OSError):
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            broker = socket.create_connection(self._broker)
            self._sockets += [client, broker]
            self._copy(client, broker)
        client.close()

    @staticmethod
    def _copy(client: socket.socket, broker: socket.socket) -> None:
        with client, broker, suppress(OSError):
            while True:
                for ready in select.select([client, broker], [], [])[0]:
                    data = ready.recv(65536)
                    while isinstance(ready, ssl.SSLSocket) and ready.pending():
                        data += ready.recv(65536)
                    if not data:
                        return
                    (broker if ready is client else client).sendall(data)
