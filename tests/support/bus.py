"""A real RabbitMQ for tests: names of a test's own, publishing as services do, and a wire that can be cut."""

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
with warnings.catch_warnings():  # eventlet, which oslo.messaging brings along, says at each import that it is old
    warnings.simplefilter("ignore")
    oslo_messaging: Any = importlib.import_module("oslo_messaging")
cfg: Any = importlib.import_module("oslo_config.cfg")

URL = os.environ.get("STRATIFORM_TEST_RABBITMQ", "rabbit://guest:guest@127.0.0.1:5672/")


def oslo_url(url: str) -> Any:
    """As oslo.messaging reads it, with a configuration of its own."""
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    return oslo_messaging.TransportURL.parse(conf, url)


@contextmanager
def connected() -> Iterator[Any]:
    """A connection to the broker, for publishing and looking."""
    connection = kombu.Connection(URL.replace("rabbit://", "amqp://"), connect_timeout=3)
    try:
        connection.connect()
    except OSError:
        require("RabbitMQ", available=False)
    yield connection
    connection.release()


@contextmanager
def raw_connection() -> Iterator[Any]:
    """As `connected`, with nothing above AMQP itself."""
    url = urlsplit(URL)
    made = amqp.Connection(f"{url.hostname}:{url.port}", userid=url.username, password=url.password)
    made.connect()
    yield made
    made.collect()


class Spoilt(amqp.Message):  # type: ignore[misc]
    """A message with a content type that no library would send."""

    def _serialize_properties(self) -> bytes:
        return b"\x80\x00\x03\xff\xfe\xfd"


@dataclass
class Names:
    """Exchange, topic and pool of one test; what was made of them is removed at the end."""

    broker: Any
    exchange: str = field(default_factory=lambda: f"st-{uuid4().hex[:10]}")
    topic: str = field(default_factory=lambda: f"notes-{uuid4().hex[:10]}")
    pool: str = field(default_factory=lambda: f"pool-{uuid4().hex[:10]}")

    def publish(self, bodies: list[bytes], priority: str = "info", **properties: Any) -> None:
        """As services do: onto a topic exchange, by `TOPIC.PRIORITY`. The exchange must be there."""
        producer = self.broker.Producer()
        about = {"content_type": "application/json", "content_encoding": "utf-8"} | properties
        for body in bodies:
            producer.publish(body, exchange=self.exchange, routing_key=f"{self.topic}.{priority}", **about)

    def waiting(self, queue: str = "") -> int:
        """How many messages are in the queue (the pool's), or -1 where there is no such queue."""
        with self.broker.channel() as channel:
            try:
                return int(channel.queue_declare(queue or self.pool, passive=True).message_count)
            except self.broker.channel_errors:
                return -1

    def listeners(self, queue: str = "") -> int:
        """How many take from the queue (the pool's): it is bound by then; 0 where there is no such queue."""
        with self.broker.channel() as channel:
            try:
                return int(channel.queue_declare(queue or self.pool, passive=True).consumer_count)
            except self.broker.channel_errors:
                return 0

    def remove(self, *queues: str) -> None:
        for queue in (self.pool, *queues):
            with suppress(*self.broker.channel_errors), self.broker.channel() as channel:
                channel.queue_delete(queue)
        with suppress(*self.broker.channel_errors), self.broker.channel() as channel:
            channel.exchange_delete(self.exchange)


def wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)


class Wire:
    """A port that leads to the broker until it is cut; with TLS, where a context is given."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        url = urlsplit(URL)
        self._to = (url.hostname or "", url.port or 5672)
        self._tls = tls
        self._open: list[socket.socket] = []
        self.opened = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """End all connections; new ones are let through."""
        while self._open:
            with suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.opened += 1
                threading.Thread(target=self._lead, args=(near,), daemon=True).start()

    def _lead(self, near: socket.socket) -> None:
        with suppress(OSError):
            if self._tls is not None:
                near = self._tls.wrap_socket(near, server_side=True)
            far = socket.create_connection(self._to)
            self._open += [near, far]
            self._carry(near, far)
        near.close()

    @staticmethod
    def _carry(near: socket.socket, far: socket.socket) -> None:
        with near, far, suppress(OSError):
            while True:
                for ready in select.select([near, far], [], [])[0]:
                    data = ready.recv(65536)
                    while isinstance(ready, ssl.SSLSocket) and ready.pending():
                        data += ready.recv(65536)
                    if not data:
                        return
                    (far if ready is near else near).sendall(data)
