"""The collector against a real RabbitMQ: what it hears is what a file says, whatever is sent twice."""

import importlib
import json
import logging
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from stratiform.app.collector import collect
from stratiform.app.settings import Settings
from stratiform.faces.stack import Stack
from stratiform.kit.errors import Invalid
from support.databases import need
from support.ledger import listing, recorded
from support.stacks import Bench

kombu: Any = importlib.import_module("kombu")

URL = os.environ.get("STRATIFORM_TEST_RABBITMQ", "rabbit://guest:guest@127.0.0.1:5672/")


@pytest.fixture
def broker() -> Iterator[Any]:
    """A connection to the broker, for publishing."""
    connection = kombu.Connection(URL.replace("rabbit://", "amqp://"), connect_timeout=3)
    try:
        connection.connect()
    except OSError:
        need("RabbitMQ", there=False)
    yield connection
    connection.release()


@pytest.fixture
def names(broker: Any) -> Iterator[dict[str, str]]:
    """Exchange, topic and pool of this test's own."""
    suffix = uuid4().hex[:10]
    made = {"exchange": f"st-{suffix}", "topic": f"notes-{suffix}", "pool": f"pool-{suffix}"}
    yield made
    channel = broker.channel()
    channel.queue_delete(made["pool"])
    channel.exchange_delete(made["exchange"])


def settings_for(home: Path, names: dict[str, str]) -> Settings:
    return Settings(
        home=home,
        collector_url=URL,
        collector_topics=(names["topic"],),
        collector_exchanges=(names["exchange"],),
        collector_pool=names["pool"],
    )


@contextmanager
def collecting(settings: Settings, stack: Stack) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=collect, args=(settings, stack, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)


def publish(broker: Any, names: dict[str, str], bodies: list[bytes]) -> None:
    """As services do: onto a topic exchange, by `TOPIC.PRIORITY`."""
    exchange = kombu.Exchange(names["exchange"], type="topic", durable=False)
    producer = broker.Producer(exchange=exchange)
    for body in bodies:
        producer.publish(
            body,
            routing_key=f"{names['topic']}.info",
            content_type="application/json",
            content_encoding="utf-8",
            declare=[exchange],
        )


def waiting(broker: Any, names: dict[str, str]) -> int:
    """How many messages are in the pool's queue, or -1 where there is no queue yet."""
    try:
        return int(broker.channel().queue_declare(names["pool"], passive=True).message_count)
    except broker.channel_errors:
        return -1


def bodies() -> list[bytes]:
    return [json.dumps(json.loads(line)["body"]).encode() for line in recorded()]


def events(stack: Stack) -> int:
    with stack.database.snapshot() as db:
        return int(db.exec_driver_sql("SELECT count(*) FROM metering_event").scalar_one())


def test_hearing_is_the_same_as_reading_a_file(
    stack_bench: Bench, broker: Any, names: dict[str, str], home: Path
) -> None:
    stack = stack_bench.stack
    sent = bodies()
    sent += random.Random(7).sample(sent, 200)
    random.Random(8).shuffle(sent)
    with collecting(settings_for(home, names), stack):
        wait_for(lambda: waiting(broker, names) >= 0)
        publish(broker, names, sent)
        wait_for(lambda: events(stack) == 382 and waiting(broker, names) == 0)
    with stack.database.snapshot() as db:
        heard = listing(stack.metering, db)
    with stack.database.transaction() as db:
        again = stack.metering.ingest_messages(db, "openstack", recorded(), 1)
        assert (again.accepted, again.repeated) == (0, 382)
        assert listing(stack.metering, db) == heard
        assert stack.metering.position(db) > 0


def test_what_is_not_stored_stays_with_the_broker(
    stack_bench: Bench, broker: Any, names: dict[str, str], home: Path
) -> None:
    stack = stack_bench.stack
    with stack.database.transaction() as db:
        db.exec_driver_sql("ALTER TABLE metering_event RENAME TO away")
    with collecting(settings_for(home, names), stack):
        wait_for(lambda: waiting(broker, names) >= 0)
        publish(broker, names, bodies())
        time.sleep(1.5)
    wait_for(lambda: waiting(broker, names) >= 1, 5)
    with stack.database.transaction() as db:
        db.exec_driver_sql("ALTER TABLE away RENAME TO metering_event")
    with collecting(settings_for(home, names), stack):
        wait_for(lambda: events(stack) == 382)


def test_a_malformed_one_is_kept_aside(stack_bench: Bench, broker: Any, names: dict[str, str], home: Path) -> None:
    stack = stack_bench.stack
    message = {"event_type": "volume.create.end", "priority": "INFO", "timestamp": "2026-01-01 00:00:00", "payload": {}}
    with collecting(settings_for(home, names), stack):
        wait_for(lambda: waiting(broker, names) >= 0)
        publish(broker, names, [json.dumps(message).encode(), b"{not json", b"7", *bodies()])
        wait_for(lambda: events(stack) == 382)
    with stack.database.snapshot() as db:
        kept = db.exec_driver_sql("SELECT reason FROM metering_rejected ORDER BY reason").scalars().all()
    assert [reason[:20] for reason in kept] == ["no message_id", "not JSON: JSON is ma", "not a notification: "]


def test_a_dead_broker_is_told_in_one_line_without_the_password(
    stack_bench: Bench, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(home=home, collector_url=f"rabbit://someone:hush-hush@127.0.0.1:{port}/")
    with caplog.at_level(logging.INFO), collecting(settings, stack_bench.stack):
        wait_for(lambda: bool(caplog.records))
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("stratiform")]
    assert lines == [f"no broker at rabbit://127.0.0.1:{port}/: Connection refused; trying again every 2 s"]
    assert "hush" not in caplog.text


def test_a_refused_password_is_told_once_and_tried_again(
    stack_bench: Bench, broker: Any, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(home=home, collector_url=URL.replace("guest:guest@", "guest:hush-hush@"))
    with caplog.at_level(logging.INFO), collecting(settings, stack_bench.stack):
        wait_for(lambda: any("ACCESS_REFUSED" in record.getMessage() for record in caplog.records))
        time.sleep(2.5)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("stratiform")]
    assert len(lines) == 1
    assert lines[0].startswith("can't listen at rabbit://")
    assert "hush" not in caplog.text


@pytest.mark.parametrize("url", ["nonsense", "rabbit:///", "http://127.0.0.1/", "rabbit://u:hush@h:port/"])
def test_a_bad_url_is_refused_without_showing_it(stack_bench: Bench, home: Path, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        collect(replace(Settings(home=home), collector_url=url), stack_bench.stack, threading.Event())
    assert "hush" not in refused.value.message
    assert "collector_url" in refused.value.message
