"""Publication of notifications, as oslo.messaging's driver `messagingv2` publishes them.

Source: oslo_messaging/notify/messaging.py, oslo_messaging/notify/notifier.py (Notifier._notify),
oslo_messaging/_drivers/impl_rabbit.py (notify_send).
"""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import amqp  # type: ignore[import-untyped]  # it has no types

from stratiform.interfaces.amqp.connection import ERRORS, open_connection
from stratiform.interfaces.amqp.queues import Subscription, declare_queues
from stratiform.interfaces.amqp.transport_url import TransportUrl
from stratiform.kit.clock import format_iso
from stratiform.kit.errors import Unavailable
from stratiform.kit.outbox import Event

logger = logging.getLogger(__name__)

#: The exchange of each service by the first part of its publisher id: the `control_exchange` of the real service.
_EXCHANGES = {
    "backup": "cinder",
    "compute": "nova",
    "identity": "keystone",
    "image": "glance",
    "network": "neutron",
    "snapshot": "cinder",
    "volume": "cinder",
}

#: The exchange of other publishers: the default of oslo.messaging.
_DEFAULT_EXCHANGE = "openstack"

_PERSISTENT = 2

#: The time in which the broker confirms a message.
_CONFIRM_TIMEOUT_S = 10


class NotificationPublisher:
    """A connection on which notifications are published. Used by one thread."""

    def __init__(self, connection: amqp.Connection, address: TransportUrl, topics: Sequence[str]) -> None:
        self._connection = connection
        self._address = address
        self._topics = topics
        self._channel = connection.channel()
        self._declared: set[tuple[str, str]] = set()

    def publish(self, event: Event) -> None:
        """Publish an event on every topic, and wait until the broker has stored it. Raises its errors."""
        exchange = get_exchange(event.publisher_id)
        priority = event.priority or ("error" if event.event_type.endswith(".error") else "info")
        self._declare(exchange, priority)
        message = amqp.Message(
            json.dumps(build_envelope(event, priority)),
            content_type="application/json",
            content_encoding="utf-8",
            delivery_mode=_PERSISTENT,
        )
        for topic in self._topics:
            self._channel.basic_publish_confirm(
                message, exchange, routing_key=f"{topic}.{priority}", confirm_timeout=_CONFIRM_TIMEOUT_S
            )

    def _declare(self, exchange: str, priority: str) -> None:
        """Declare the exchange and the queues of the topics, so that messages wait for the first consumer."""
        if (exchange, priority) not in self._declared:
            declare_queues(self._connection, self._address, Subscription([exchange], self._topics, "", [priority]))
            self._declared.add((exchange, priority))


@contextmanager
def connect_publisher(address: TransportUrl, topics: Sequence[str]) -> Iterator[NotificationPublisher]:
    """Connect to the first broker that responds. Raises Unavailable, also for errors during the publication."""
    connection = _connect(address)
    try:
        yield NotificationPublisher(connection, address, topics)
        connection.close()
    except ERRORS as error:
        raise Unavailable(f"notifications cannot be published on {address}: {error}") from error
    finally:
        connection.collect()


def _connect(address: TransportUrl) -> amqp.Connection:
    failure: Exception | None = None
    for host in address.hosts:
        try:
            return open_connection(host, address, confirm_publish=True)
        except ERRORS as error:
            failure = error
    raise Unavailable(f"the message bus {address} is not reachable: {failure}") from failure


def get_exchange(publisher_id: str) -> str:
    """Return the exchange of a publisher such as `compute.host-1`."""
    return _EXCHANGES.get(publisher_id.partition(".")[0], _DEFAULT_EXCHANGE)


def build_envelope(event: Event, priority: str) -> dict[str, str]:
    """Return the message in the envelope of oslo.messaging, version 2.0.

    `_unique_id` is the same if a message is repeated, so that consumers with oslo.messaging ignore the repetition.
    """
    message: dict[str, Any] = {
        "message_id": event.message_id,
        "publisher_id": event.publisher_id,
        "event_type": event.event_type,
        "priority": priority.upper(),
        "payload": event.payload,
        "timestamp": format_iso(event.at).replace("T", " ").removesuffix("Z"),
        "_unique_id": event.message_id.replace("-", ""),
        **{f"_context_{name}": value for name, value in event.context.items()},
    }
    return {"oslo.version": "2.0", "oslo.message": json.dumps(message)}
