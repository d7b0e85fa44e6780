"""A publisher of notifications that waits for the broker's confirmations."""

import importlib
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from support.processes import WAIT_S, wait_until
from support.shapes import Payload

amqp: Any = importlib.import_module("amqp")

#: The limit of unconfirmed messages.
_WINDOW = 100
_RETRY_S = 0.2

_DEFAULT_PROPERTIES: Payload = {"content_type": "application/json", "content_encoding": "utf-8"}


class Publisher(threading.Thread):
    """Publish `messages` in order, each until the broker has confirmed it.

    They are persistent, the exchanges durable, and a message without a queue is returned. `allow` sets how many are
    published. `properties` has the properties of messages that do not have the default ones.
    """

    def __init__(
        self,
        port: int,
        messages: Sequence[bytes],
        properties: Mapping[bytes, Payload],
        route: Callable[[bytes], tuple[str, str]],
        exchanges: Sequence[str],
    ) -> None:
        super().__init__(name="publisher", daemon=True)
        self._port = port
        self._properties = properties
        self._route = route
        self._exchanges = exchanges
        self._pending = deque(messages)
        self._unconfirmed: dict[int, bytes] = {}
        self._allowed = 0
        self._total = len(messages)
        self._stopping = threading.Event()
        self._last_error = ""
        self.confirmed = 0
        #: The number of messages that were published again because a confirmation was lost or negative.
        self.republished = 0
        self.returned: list[str] = []

    def allow(self, share: float) -> None:
        """Publish a share of the messages, from 0 to 1."""
        self._allowed = max(self._allowed, round(self._total * share))

    def wait_confirmed(self, share: float) -> None:
        """Wait until the broker has confirmed a share of the messages."""
        count = round(self._total * share)
        wait_until(lambda: self.confirmed >= count, f"fewer than {count} of {self._total} messages are confirmed")

    def finish(self) -> None:
        """Publish the remaining messages, and wait until they are confirmed."""
        self.allow(1)
        self.join(WAIT_S)
        assert not self.is_alive(), f"only {self.confirmed} of {self._total} confirmed; {self._last_error}"
        assert not self.returned, f"{len(self.returned)} messages were returned, no queue was bound"

    def stop(self) -> None:
        """Stop without waiting for confirmations."""
        self._stopping.set()
        self.join()

    def run(self) -> None:
        while not self._is_done():
            try:
                self._publish_over_connection()
            except (OSError, amqp.AMQPError) as error:
                self._last_error = str(error)
                self.republished += len(self._unconfirmed)
                self._pending.extendleft(reversed(self._unconfirmed.values()))
                self._unconfirmed.clear()
                time.sleep(_RETRY_S)

    def _is_done(self) -> bool:
        return self.confirmed >= self._total or self._stopping.is_set()

    def _publish_over_connection(self) -> None:
        """Publish until all is done or the connection fails."""
        with amqp.Connection(host=f"127.0.0.1:{self._port}", connect_timeout=5, read_timeout=10) as connection:
            channel = connection.channel()
            channel.events["basic_ack"].add(self._on_ack)
            channel.events["basic_nack"].add(self._on_nack)
            channel.events["basic_return"].add(self._on_return)
            channel.confirm_select()
            for exchange in self._exchanges:
                channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)
            tag = 0
            while not self._is_done():
                while self._pending and len(self._unconfirmed) < _WINDOW and self._published() < self._allowed:
                    tag += 1
                    self._unconfirmed[tag] = self._pending.popleft()
                    self._publish(channel, self._unconfirmed[tag])
                try:
                    connection.drain_events(timeout=0.05)
                except TimeoutError:
                    continue

    def _published(self) -> int:
        return self.confirmed + len(self._unconfirmed)

    def _publish(self, channel: Any, body: bytes) -> None:
        exchange, routing_key = self._route(body)
        message = amqp.Message(body, delivery_mode=2, **self._properties.get(body, _DEFAULT_PROPERTIES))
        channel.basic_publish(message, exchange, routing_key, mandatory=True)

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self.confirmed += len(self._remove_unconfirmed(tag, multiple))

    def _on_nack(self, tag: int, multiple: bool) -> None:
        refused = self._remove_unconfirmed(tag, multiple)
        self.republished += len(refused)
        self._pending.extendleft(reversed(refused))

    def _on_return(self, *details: object) -> None:
        self.returned.append(repr(details))

    def _remove_unconfirmed(self, tag: int, multiple: bool) -> list[bytes]:
        tags = [number for number in self._unconfirmed if number <= tag] if multiple else [tag]
        return [self._unconfirmed.pop(number) for number in tags if number in self._unconfirmed]
