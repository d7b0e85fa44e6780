"""The consumer of one bus, which reconnects to its brokers until it is stopped."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import cycle

from stratiform.interfaces.amqp.batch_queue import BatchQueue
from stratiform.interfaces.amqp.bus_status import BusStatus
from stratiform.interfaces.amqp.connection import ConsumerConnection, connect
from stratiform.interfaces.amqp.queues import Subscription
from stratiform.interfaces.amqp.transport_url import BrokerHost, TransportUrl
from stratiform.kit.logging_setup import redact_secrets

logger = logging.getLogger(__name__)

_RETRY_S = 2.0

#: How long to wait while the queue is full.
_FULL_WAIT_S = 0.05


@dataclass(slots=True)
class Consumer:
    """Puts messages into `batch_queue`, and acknowledges those that are stored."""

    address: TransportUrl
    subscription: Subscription
    batch_queue: BatchQueue
    prefetch: int
    status: BusStatus
    _last_error: str = field(default="", init=False)

    def run(self, stop: threading.Event, settled: threading.Event) -> None:
        """Consume until `stop`, and keep the connection until `settled`, to acknowledge what is stored meanwhile."""
        for attempt, host in enumerate(cycle(self.address.hosts), 1):
            self._consume(host, settled)
            if stop.is_set():
                return
            if attempt % len(self.address.hosts) == 0 and stop.wait(_RETRY_S):
                return

    def _consume(self, host: BrokerHost, settled: threading.Event) -> None:
        is_connected = False
        try:
            with connect(host, self.address, self.subscription, self.batch_queue.put) as connection:
                unread = connection.list_unread_queues(self.subscription)
                connection.consume(self.subscription, self.prefetch, self.address.options)
                logger.info("consuming notifications bus=%s", self.address)
                self._last_error, is_connected = "", True
                self.status.set_connected()
                self._warn_of_unread_queues(unread)
                self._receive(connection, settled)
        except Exception as error:  # brokers and networks fail in many ways, after all of which a retry makes sense
            self._log_error(error, was_connected=is_connected)
        finally:
            self.batch_queue.clear()

    def _receive(self, connection: ConsumerConnection, settled: threading.Event) -> None:
        while True:
            is_last = settled.is_set()
            tag = self.batch_queue.pop_acknowledgeable_tag()
            if tag is not None:
                connection.acknowledge(tag)
            if is_last:
                return
            if self.batch_queue.is_full():
                settled.wait(_FULL_WAIT_S)
            else:
                connection.receive()
            connection.send_heartbeat()

    def _warn_of_unread_queues(self, unread: Mapping[str, int]) -> None:
        """Services create the queues of their topics. Without a consumer they grow, although the pool has a copy."""
        for queue, count in unread.items():
            logger.warning(
                "queue has no consumer and is growing queue=%s messages=%d bus=%s", queue, count, self.address
            )

    def _log_error(self, error: Exception, *, was_connected: bool) -> None:
        """Record an error, and log it unless it is the same as before."""
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        reason = redact_secrets(text.strip().partition("\n")[0]) or type(error).__name__
        self.status.set_disconnected(reason)
        if reason == self._last_error:
            return
        self._last_error = reason
        values = (self.address, reason, _RETRY_S)
        if was_connected:
            logger.warning("connection lost, retrying bus=%s error=%r retry_s=%d", *values)
        elif isinstance(error, OSError):
            logger.warning("broker unreachable, retrying bus=%s error=%r retry_s=%d", *values)
        else:
            logger.warning("broker refused the connection, retrying bus=%s error=%r retry_s=%d", *values)
