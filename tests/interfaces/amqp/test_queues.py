"""Exchanges, queues and bindings: oslo.messaging and we can take each other's place."""

import gc
import importlib
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from stratiform.interfaces.amqp.address import parse
from stratiform.interfaces.amqp.queues import PRIORITIES, Wanted, declare
from support.bus import URL, Names, oslo_messaging, oslo_url, raw_connection, wait_for

amqp: Any = importlib.import_module("amqp")


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """oslo.messaging leaves its sockets to the garbage collector, which tells on it in whatever test it runs."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class Ear:
    """An endpoint of oslo.messaging for every priority."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        for priority in PRIORITIES:
            setattr(self, priority, self._hear)

    def _hear(self, _ctxt: Any, _publisher: str, event_type: str, _payload: Any, _metadata: Any) -> str:
        self.heard.append(event_type)
        return str(oslo_messaging.NotificationResult.HANDLED)


def transport(options: str) -> Any:
    url = oslo_url(URL + options)
    return oslo_messaging.get_notification_transport(url.conf, url)


@contextmanager
def oslo_listening(names: Names, options: str, pool: str | None) -> Iterator[Ear]:
    ear, bus = Ear(), transport(options)
    target = oslo_messaging.Target(exchange=names.exchange, topic=names.topic)
    listener = oslo_messaging.get_notification_listener(bus, [target], [ear], pool=pool)
    listener.start()
    try:
        yield ear
    finally:
        listener.stop()
        listener.wait()
        bus.cleanup()


def declare_ours(names: Names, options: str, pool: str) -> Wanted:
    wanted = Wanted([names.exchange], [names.topic], pool)
    with raw_connection() as open_one:
        declare(open_one, parse(URL + options, "url"), wanted)
    return wanted


DURABLE, QUORUM = "?amqp_durable_queues=true", "?rabbit_quorum_queue=true"


@pytest.mark.parametrize(
    ("options", "shared"), [(DURABLE, False), (QUORUM, False), ("", True), (DURABLE, True), (QUORUM, True)]
)
def test_oslo_messaging_listens_at_what_we_made(names: Names, options: str, shared: bool) -> None:
    """It refuses queues that are not made as it would make them."""
    wanted = declare_ours(names, options, "" if shared else names.pool)
    with oslo_listening(names, options, None if shared else names.pool) as ear:
        for priority in PRIORITIES:
            names.publish([b'{"event_type": "%s", "priority": "%s"}' % ((priority.encode(),) * 2)], priority)
        wait_for(lambda: sorted(ear.heard) == sorted(PRIORITIES))
    names.remove(*wanted.queues())


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("options", ["", DURABLE, QUORUM])
def test_we_take_what_oslo_messaging_made(names: Names, options: str, shared: bool) -> None:
    """Whatever our own options are: what is there is used as it is."""
    with oslo_listening(names, options, None if shared else names.pool):
        pass
    wanted = declare_ours(names, "", "" if shared else names.pool)
    names.publish([b"{}"] * 2, "sample")
    queue = f"{names.topic}.sample" if shared else names.pool
    wait_for(lambda: names.waiting(queue) == 2)
    names.remove(*wanted.queues())


def test_our_own_queue_outlives_the_broker(names: Names) -> None:
    declare_ours(names, "", names.pool)
    with pytest.raises(amqp.exceptions.PreconditionFailed, match="durable"), raw_connection() as open_one:
        open_one.channel().queue_declare(names.pool, durable=False, auto_delete=False)


def test_what_oslo_messaging_publishes_reaches_both_pools(names: Names) -> None:
    """Others keep their copies."""
    declare_ours(names, "", names.pool)
    other = f"other-{uuid4().hex[:8]}"
    with oslo_listening(names, "", other) as ear:
        oslo_messaging.set_transport_defaults(names.exchange)
        bus = transport("")
        notifier = oslo_messaging.Notifier(bus, "compute.here", driver="messagingv2", topics=[names.topic])
        notifier.info({}, "compute.instance.create.end", {"instance_id": "i1"})
        notifier.sample({}, "telemetry.polling", {"samples": []})
        wait_for(lambda: len(ear.heard) == 2 and names.waiting() == 2)
        bus.cleanup()
    oslo_messaging.set_transport_defaults("openstack")
    names.remove(other, *(f"{names.topic}.{priority}" for priority in PRIORITIES))


def test_several_who_start_at_once_agree(names: Names) -> None:
    """What is there is not declared anew, whatever the others' options are."""
    declare_ours(names, "", names.pool)
    failures = []

    def again() -> None:
        try:
            declare_ours(names, DURABLE, names.pool)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=again) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []
