"""Exchanges, queues and bindings are compatible with oslo.messaging."""

import gc
import importlib
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from stratiform.interfaces.amqp.priorities import PRIORITIES
from stratiform.interfaces.amqp.queues import Subscription, declare_queues, list_unread_queues
from stratiform.interfaces.amqp.transport_url import parse_transport_url
from support.bus import URL, BusNames, connect_amqp, oslo_messaging, parse_with_oslo, wait_for

pytestmark = pytest.mark.thorough

amqp: Any = importlib.import_module("amqp")


@pytest.fixture(autouse=True)
def collect_garbage() -> Iterator[None]:
    """oslo.messaging does not close its sockets; the garbage collector would warn about them in another test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class Endpoint:
    """An endpoint of oslo.messaging for all priorities, which records event types."""

    def __init__(self) -> None:
        self.event_types: list[str] = []
        for priority in PRIORITIES:
            setattr(self, priority, self._handle)

    def _handle(self, _ctxt: Any, _publisher: str, event_type: str, _payload: Any, _metadata: Any) -> str:
        self.event_types.append(event_type)
        return str(oslo_messaging.NotificationResult.HANDLED)


def create_transport(options: str) -> Any:
    url = parse_with_oslo(URL + options)
    return oslo_messaging.get_notification_transport(url.conf, url)


@contextmanager
def listen_with_oslo(names: BusNames, options: str, pool: str | None) -> Iterator[Endpoint]:
    endpoint, transport = Endpoint(), create_transport(options)
    target = oslo_messaging.Target(exchange=names.exchange, topic=names.topic)
    listener = oslo_messaging.get_notification_listener(transport, [target], [endpoint], pool=pool)
    listener.start()
    try:
        yield endpoint
    finally:
        listener.stop()
        listener.wait()
        transport.cleanup()


def declare_subscription(names: BusNames, options: str, pool: str) -> Subscription:
    subscription = Subscription([names.exchange], [names.topic], pool)
    with connect_amqp() as connection:
        declare_queues(connection, parse_transport_url(URL + options, "url"), subscription)
    return subscription


DURABLE, QUORUM = "?amqp_durable_queues=true", "?rabbit_quorum_queue=true"


@pytest.mark.parametrize(
    ("options", "shared"), [(DURABLE, False), (QUORUM, False), ("", True), (DURABLE, True), (QUORUM, True)]
)
def test_oslo_messaging_accepts_declared_queues(names: BusNames, options: str, shared: bool) -> None:
    """It refuses queues that are declared differently."""
    subscription = declare_subscription(names, options, "" if shared else names.pool)
    with listen_with_oslo(names, options, None if shared else names.pool) as endpoint:
        for priority in PRIORITIES:
            names.publish([b'{"event_type": "%s", "priority": "%s"}' % ((priority.encode(),) * 2)], priority)
        wait_for(lambda: sorted(endpoint.event_types) == sorted(PRIORITIES))
    names.delete(*subscription.list_queues())


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("options", ["", DURABLE, QUORUM])
def test_queues_of_oslo_messaging_are_used(names: BusNames, options: str, shared: bool) -> None:
    """Existing queues are used whatever the options of the address are."""
    with listen_with_oslo(names, options, None if shared else names.pool):
        pass
    subscription = declare_subscription(names, "", "" if shared else names.pool)
    names.publish([b"{}"] * 2, "sample")
    queue = f"{names.topic}.sample" if shared else names.pool
    wait_for(lambda: names.count_messages(queue) == 2)
    names.delete(*subscription.list_queues())


def test_only_queues_of_the_priorities_are_declared(names: BusNames) -> None:
    subscription = Subscription([names.exchange], [names.topic], "", ("info", "error"))
    with connect_amqp() as connection:
        declare_queues(connection, parse_transport_url(URL, "url"), subscription)
    assert subscription.list_queues() == [f"{names.topic}.info", f"{names.topic}.error"]
    with pytest.raises(amqp.exceptions.NotFound), connect_amqp() as connection:
        connection.channel().queue_declare(f"{names.topic}.sample", passive=True)
    names.delete(*subscription.list_queues())


def test_pool_queue_is_durable(names: BusNames) -> None:
    declare_subscription(names, "", names.pool)
    with pytest.raises(amqp.exceptions.PreconditionFailed, match="durable"), connect_amqp() as connection:
        connection.channel().queue_declare(names.pool, durable=False, auto_delete=False)


def test_each_pool_gets_all_messages(names: BusNames) -> None:
    declare_subscription(names, "", names.pool)
    other = f"other-{uuid4().hex[:8]}"
    with listen_with_oslo(names, "", other) as endpoint:
        oslo_messaging.set_transport_defaults(names.exchange)
        transport = create_transport("")
        notifier = oslo_messaging.Notifier(transport, "compute.here", driver="messagingv2", topics=[names.topic])
        notifier.info({}, "compute.instance.create.end", {"instance_id": "i1"})
        notifier.sample({}, "telemetry.polling", {"samples": []})
        wait_for(lambda: len(endpoint.event_types) == 2 and names.count_messages() == 2)
        transport.cleanup()
    oslo_messaging.set_transport_defaults("openstack")
    names.delete(other, *(f"{names.topic}.{priority}" for priority in PRIORITIES))


def test_queues_without_a_consumer_are_found(names: BusNames) -> None:
    """Publishers create the queues of the topics; a pool does not empty them."""
    subscription = Subscription([names.exchange], [names.topic], names.pool)
    shared = Subscription([names.exchange], [names.topic], "", ("info", "error"))
    with connect_amqp() as connection:
        address = parse_transport_url(URL, "url")
        declare_queues(connection, address, subscription)
        assert list_unread_queues(connection, subscription) == {}
        declare_queues(connection, address, shared)
        names.publish([b"{}"] * 2)
        wait_for(lambda: names.count_messages(f"{names.topic}.info") == 2)
        assert list_unread_queues(connection, subscription) == {f"{names.topic}.info": 2, f"{names.topic}.error": 0}
        connection.channel().basic_consume(f"{names.topic}.info", callback=[].append)
        assert list_unread_queues(connection, subscription) == {f"{names.topic}.error": 0}
        assert list_unread_queues(connection, shared) == {}
    names.delete(*shared.list_queues())


def test_collectors_with_different_options_start_at_once(names: BusNames) -> None:
    declare_subscription(names, "", names.pool)
    failures = []

    def declare_again() -> None:
        try:
            declare_subscription(names, DURABLE, names.pool)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=declare_again) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []
