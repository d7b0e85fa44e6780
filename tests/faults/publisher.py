"""A service that publishes notifications and takes no word but the broker's own that they are safe."""

import importlib
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from support.processes import wait_until
from support.shapes import Payload

amqp: Any = importlib.import_module("amqp")

#: So many are on the way at once.
_WINDOW = 100
_RETRY_S = 0.2

_USUAL: Payload = {"content_type": "application/json", "content_encoding": "utf-8"}


class Publisher(threading.Thread):
    """Sends `messages` in order, each again and again until the broker has confirmed it.

    Persistent, to durable exchanges, and refused where no queue would take it. `allow` lets it go on. `odd` has the
    properties of messages whose properties are not the usual ones.
    """

    def __init__(
        self,
        port: int,
        messages: Sequence[bytes],
        odd: Mapping[bytes, Payload],
        route: Callable[[bytes], tuple[str, str]],
        exchanges: Sequence[str],
    ) -> None:
        super().__init__(name="publisher", daemon=True)
        self._port = port
        self._odd = odd
        self._route = route
        self._exchanges = exchanges
        self._left = deque(messages)
        self._under_way: dict[int, bytes] = {}
        self._allowed = 0
        self._total = len(messages)
        self._leaving = threading.Event()
        self._refusal = ""
        self.confirmed = 0
        #: Messages that were sent more than once, because an answer was lost or was no.
        self.repeated = 0
        self.lost: list[bytes] = []

    def allow(self, share: float) -> None:
        """Send so much of all, from 0 to 1."""
        self._allowed = max(self._allowed, round(self._total * share))

    def reach(self, share: float, seconds: float) -> None:
        """Wait until the broker has confirmed so much of all; more may be under way."""
        enough = round(self._total * share)
        otherwise = f"fewer than {enough} of {self._total} messages are confirmed"
        wait_until(lambda: self.confirmed >= enough, seconds, otherwise)

    def finish(self, seconds: float) -> None:
        """Send all that is left and wait until it is confirmed."""
        self.allow(1)
        self.join(seconds)
        assert not self.is_alive(), f"only {self.confirmed} of {self._total} confirmed; {self._refusal}"
        assert not self.lost, f"{len(self.lost)} messages had no queue to go to"

    def leave(self) -> None:
        """Give up."""
        self._leaving.set()
        self.join()

    def run(self) -> None:
        while self.confirmed < self._total and not self._leaving.is_set():
            try:
                self._talk()
            except (OSError, amqp.AMQPError) as error:
                self._refusal = str(error)
                self.repeated += len(self._under_way)
                self._left.extendleft(reversed(self._under_way.values()))
                self._under_way.clear()
                time.sleep(_RETRY_S)

    def _talk(self) -> None:
        """One connection's life."""
        with amqp.Connection(host=f"127.0.0.1:{self._port}", connect_timeout=5, read_timeout=10) as connection:
            channel = connection.channel()
            channel.events["basic_ack"].add(self._confirm)
            channel.events["basic_nack"].add(self._refuse)
            channel.events["basic_return"].add(self._return)
            channel.confirm_select()
            for exchange in self._exchanges:
                channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)
            tag = 0
            while self.confirmed < self._total and not self._leaving.is_set():
                while self._left and len(self._under_way) < _WINDOW and self._begun() < self._allowed:
                    tag += 1
                    self._under_way[tag] = self._left.popleft()
                    self._publish(channel, self._under_way[tag])
                try:
                    connection.drain_events(timeout=0.05)
                except TimeoutError:
                    continue

    def _begun(self) -> int:
        return self.confirmed + len(self._under_way)

    def _publish(self, channel: Any, body: bytes) -> None:
        exchange, routing_key = self._route(body)
        message = amqp.Message(body, delivery_mode=2, **self._odd.get(body, _USUAL))
        channel.basic_publish(message, exchange, routing_key, mandatory=True)

    def _confirm(self, tag: int, multiple: bool) -> None:
        self.confirmed += len(self._taken(tag, multiple))

    def _refuse(self, tag: int, multiple: bool) -> None:
        again = self._taken(tag, multiple)
        self.repeated += len(again)
        self._left.extendleft(reversed(again))

    def _return(self, *details: object) -> None:
        self.lost.append(repr(details).encode())

    def _taken(self, tag: int, multiple: bool) -> list[bytes]:
        tags = [one for one in self._under_way if one <= tag] if multiple else [tag]
        return [self._under_way.pop(one) for one in tags if one in self._under_way]
