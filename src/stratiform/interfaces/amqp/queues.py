"""What is heard, as oslo.messaging names it: a topic exchange for each service, a queue, and a binding for each topic
and priority.

What is there already is used as it is: whoever made it first has chosen whether it outlives the broker, and a
user who may only listen can't declare it.

Source: oslo_messaging/_drivers/impl_rabbit.py (declare_topic_consumer, _get_queue_arguments).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from amqp import Connection  # type: ignore[import-untyped]  # it has no types
from amqp.exceptions import NotFound  # type: ignore[import-untyped]  # it has no types

from stratiform.interfaces.amqp.address import Address, Options

#: All that a notification can have (oslo_messaging/notify/dispatcher.py); Ceilometer publishes samples.
PRIORITIES = ("audit", "critical", "debug", "error", "info", "sample", "warn")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be heard: with a pool's name everything goes into its queue, else each topic has its own."""

    exchanges: Sequence[str]
    topics: Sequence[str]
    pool: str

    def bindings(self) -> Iterator[tuple[str, str, str]]:
        """Queue, exchange, routing key."""
        for topic in self.topics:
            for priority in PRIORITIES:
                for exchange in self.exchanges:
                    yield self.pool or f"{topic}.{priority}", exchange, f"{topic}.{priority}"

    def queues(self) -> list[str]:
        return list(dict.fromkeys(queue for queue, _, _ in self.bindings()))


def declare(connection: Connection, address: Address, wanted: Wanted) -> None:
    """Make what is missing. Raises the broker's errors.

    Our own queue always outlives the broker, as does what is in it. A shared one is made as its publishers would.
    """
    options = address.options
    for exchange in wanted.exchanges:
        _make(connection, _exchange(exchange, durable=address.durable, auto_delete=options.amqp_auto_delete))
    for queue in wanted.queues():
        durable = address.durable or bool(wanted.pool)
        _make(connection, _queue(queue, durable, options.amqp_auto_delete and not wanted.pool, _arguments(options)))
    channel = connection.channel()
    for queue, exchange, key in wanted.bindings():
        channel.queue_bind(queue, exchange, routing_key=key)
    channel.close()


def _exchange(name: str, *, durable: bool, auto_delete: bool) -> Callable[[Any, bool], None]:
    def declare(channel: Any, passive: bool) -> None:
        channel.exchange_declare(name, "topic", passive=passive, durable=durable, auto_delete=auto_delete)

    return declare


def _queue(name: str, durable: bool, auto_delete: bool, arguments: dict[str, Any]) -> Callable[[Any, bool], None]:
    def declare(channel: Any, passive: bool) -> None:
        channel.queue_declare(name, passive=passive, durable=durable, auto_delete=auto_delete, arguments=arguments)

    return declare


def _make(connection: Connection, declare: Callable[[Any, bool], None]) -> None:
    """Declare what is not there. Asking for what is missing ends the channel, so each question has its own."""
    channel = connection.channel()
    try:
        declare(channel, True)
    except NotFound:
        channel = connection.channel()
        declare(channel, False)
    channel.close()


def _arguments(options: Options) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
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
