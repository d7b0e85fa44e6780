"""Exchanges, queues and bindings, as oslo.messaging declares them.

There is a topic exchange for each service, a queue for each topic and priority (or one for a pool), and their bindings.
Existing exchanges and queues are used as they are: their creator decided about durability, and a user with read
permissions only can't declare them.

Source: oslo_messaging/_drivers/impl_rabbit.py (declare_topic_consumer, _get_queue_arguments).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from amqp import Channel, Connection  # type: ignore[import-untyped]  # it has no types
from amqp.exceptions import ChannelError, NotFound  # type: ignore[import-untyped]  # it has no types

from stratiform.interfaces.amqp.priorities import PRIORITIES
from stratiform.interfaces.amqp.transport_url import ConsumerOptions, TransportUrl

#: Declares an exchange or queue on a channel, passively if the second argument is True.
Declare = Callable[[Channel, bool], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is consumed. With a pool there is one queue of its name, else one for each topic and priority."""

    exchanges: Sequence[str]
    topics: Sequence[str]
    pool: str
    priorities: Sequence[str] = PRIORITIES

    def list_bindings(self) -> Iterator[tuple[str, str, str]]:
        """Yield queue, exchange and routing key of each binding."""
        for topic in self.topics:
            for priority in self.priorities:
                for exchange in self.exchanges:
                    yield self.pool or f"{topic}.{priority}", exchange, f"{topic}.{priority}"

    def list_queues(self) -> list[str]:
        """Return the names of the queues."""
        return list(dict.fromkeys(queue for queue, _, _ in self.list_bindings()))

    def list_shared_queues(self) -> list[str]:
        """Return the names of the queues that publishers create, and that are not consumed because of the pool."""
        return [f"{topic}.{priority}" for topic in self.topics for priority in self.priorities] if self.pool else []


def declare_queues(connection: Connection, address: TransportUrl, subscription: Subscription) -> None:
    """Declare what does not exist. Raises the errors of the broker.

    The queue of a pool is always durable. Shared queues are declared as publishers do.
    """
    options = address.options
    for exchange in subscription.exchanges:
        declare_exchange = _exchange(exchange, durable=address.is_durable, auto_delete=options.amqp_auto_delete)
        _ensure(connection, declare_exchange)
    for queue in subscription.list_queues():
        durable = address.is_durable or bool(subscription.pool)
        auto_delete = options.amqp_auto_delete and not subscription.pool
        _ensure(connection, _queue(queue, _queue_arguments(options), durable=durable, auto_delete=auto_delete))
    channel = connection.channel()
    for queue, exchange, routing_key in subscription.list_bindings():
        channel.queue_bind(queue, exchange, routing_key=routing_key)
    channel.close()


def list_unread_queues(connection: Connection, subscription: Subscription) -> dict[str, int]:
    """Return the shared queues that nothing consumes, with their numbers of messages.

    Queues that do not exist, and those that the user must not access, are not included.
    """
    unread = {}
    for queue in subscription.list_shared_queues():
        channel = connection.channel()
        with suppress(ChannelError):
            existing = channel.queue_declare(queue, passive=True)
            if not existing.consumer_count:
                unread[queue] = existing.message_count
            channel.close()
    return unread


def _exchange(name: str, *, durable: bool, auto_delete: bool) -> Declare:
    def declare(channel: Channel, passive: bool) -> None:
        channel.exchange_declare(name, "topic", passive=passive, durable=durable, auto_delete=auto_delete)

    return declare


def _queue(name: str, arguments: dict[str, str | int], *, durable: bool, auto_delete: bool) -> Declare:
    def declare(channel: Channel, passive: bool) -> None:
        channel.queue_declare(name, passive=passive, durable=durable, auto_delete=auto_delete, arguments=arguments)

    return declare


def _ensure(connection: Connection, declare: Declare) -> None:
    """Declare what does not exist. A failed passive declaration closes the channel, so each has its own."""
    channel = connection.channel()
    try:
        declare(channel, True)
    except NotFound:
        channel = connection.channel()
        declare(channel, False)
    channel.close()


def _queue_arguments(options: ConsumerOptions) -> dict[str, str | int]:
    arguments: dict[str, str | int] = {}
    if options.rabbit_ha_queues:
        arguments["x-ha-policy"] = "all"
    if options.rabbit_quorum_queue:
        arguments["x-queue-type"] = "quorum"
        limits = {
            "x-delivery-limit": options.rabbit_quorum_delivery_limit,
            "x-max-in-memory-length": options.rabbit_quorum_max_memory_length,
            "x-max-in-memory-bytes": options.rabbit_quorum_max_memory_bytes,
        }
        arguments |= {name: limit for name, limit in limits.items() if limit}
    return arguments
