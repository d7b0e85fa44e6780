"""The collector with RabbitMQ: the same ledger as from a file, also with duplicates."""

import json
import logging
import random
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from sqlalchemy import text

from stratiform.app import collector
from stratiform.app.collector import collect
from stratiform.app.settings import MessageBus, Settings
from stratiform.interfaces.amqp.batch_ingest import BatchIngest, IngestStatistics
from stratiform.interfaces.amqp.batch_queue import BatchQueue
from stratiform.interfaces.amqp.bus_status import BusStatus
from stratiform.interfaces.amqp.priorities import PRIORITIES
from stratiform.interfaces.services import Services
from stratiform.kit.database import Connection
from stratiform.kit.errors import Unavailable
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.service import ParsedBatch
from stratiform.services.ingest.service.messages import Messages
from support.bus import URL, BusNames, InvalidPropertiesMessage, Proxy, connect_amqp, wait_for
from support.ledger import listing, recorded
from support.ports import free_port
from support.processes import WAIT_S
from support.stacks import ServiceHarness, build_harness


def make_settings(home: Path, *buses: BusNames, url: str = URL) -> Settings:
    """Return settings with the first source in the short form, and the others as tables."""
    first, *others = [
        MessageBus(url=url, cloud="openstack", topics=(names.topic,), exchanges=(names.exchange,), pool=names.pool)
        for names in buses
    ]
    return Settings(
        home=home,
        collector_url=first.url,
        collector_topics=first.topics,
        collector_exchanges=first.exchanges,
        collector_pool=first.pool,
        sources=tuple(others),
    )


@contextmanager
def run_collector(settings: Settings, services: Services) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=collect, args=(settings, services, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(WAIT_S)
        assert not thread.is_alive()


@cache
def count_expected_events() -> int:
    """Return the number of events in the recorded notifications."""
    with TemporaryDirectory() as folder:
        services = build_harness(Path(folder)).services
        with services.database.transaction() as db:
            services.ingest.messages.ingest(db, "openstack", recorded(), 1)
        count = count_events(services)
        services.database.close()
        return count


def list_bodies() -> list[bytes]:
    return [json.dumps(json.loads(line)["body"]).encode() for line in recorded()]


def count_events(services: Services, cloud: str = "openstack") -> int:
    with services.database.read_transaction() as db:
        return int(db.execute(text("SELECT count(*) FROM metering_event WHERE cloud = :c"), {"c": cloud}).scalar_one())


def list_reasons(services: Services) -> list[str]:
    with services.database.read_transaction() as db:
        return list(db.execute(text("SELECT reason FROM metering_rejected ORDER BY reason")).scalars())


def log_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("stratiform.app", "stratiform.interfaces.amqp"))
    ]


def test_messages_give_the_same_ledger_as_a_file(service_harness: ServiceHarness, names: BusNames, home: Path) -> None:
    services = service_harness.services
    sent = list_bodies()
    sent += random.Random(7).sample(sent, 200)
    random.Random(8).shuffle(sent)
    with run_collector(make_settings(home, names), services):
        wait_for(lambda: names.count_consumers() == 1)
        names.publish(sent)
        wait_for(lambda: count_events(services) == count_expected_events() and names.count_messages() == 0)
    with services.database.read_transaction() as db:
        expected = listing(services.ledger, db)
    with services.database.transaction() as db:
        result = services.ingest.messages.ingest(db, "openstack", recorded(), 1)
        assert (result.ingested, result.duplicates) == (0, count_expected_events())
        assert listing(services.ledger, db) == expected
        assert services.ledger.positions.get_current_position(db) > 0


def test_stored_messages_are_acknowledged_before_the_stop(
    service_harness: ServiceHarness, names: BusNames, home: Path
) -> None:
    services = service_harness.services
    with run_collector(make_settings(home, names), services):
        wait_for(lambda: names.count_consumers() == 1)
        names.publish(list_bodies())
        wait_for(lambda: count_events(services) == count_expected_events())
    wait_for(lambda: names.count_consumers() == 0)
    assert names.count_messages() == 0


def test_messages_that_are_not_stored_stay_with_the_broker(
    service_harness: ServiceHarness, names: BusNames, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    services = service_harness.services
    with services.database.transaction() as db:
        db.exec_driver_sql("ALTER TABLE metering_event RENAME TO away")
    with run_collector(make_settings(home, names), services):
        wait_for(lambda: names.count_consumers() == 1)
        names.publish(list_bodies())
        wait_for(lambda: any(line.startswith("failed to store messages") for line in log_lines(caplog)))
    wait_for(lambda: names.count_messages() == len(list_bodies()), 5)
    with services.database.transaction() as db:
        db.exec_driver_sql("ALTER TABLE away RENAME TO metering_event")
    with run_collector(make_settings(home, names), services):
        wait_for(lambda: count_events(services) == count_expected_events())


def test_messages_are_stored_when_the_database_is_available_again(
    service_harness: ServiceHarness, names: BusNames, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    services = service_harness.services
    with services.database.transaction() as db:
        db.exec_driver_sql("ALTER TABLE metering_event RENAME TO away")
    with run_collector(make_settings(home, names), services):
        wait_for(lambda: names.count_consumers() == 1)
        names.publish(list_bodies())
        wait_for(lambda: any(line.startswith("failed to store messages") for line in log_lines(caplog)))
        with services.database.transaction() as db:
            db.exec_driver_sql("ALTER TABLE away RENAME TO metering_event")
        wait_for(lambda: count_events(services) == count_expected_events() and names.count_messages() == 0)
    assert len([line for line in log_lines(caplog) if line.startswith("failed to store messages")]) == 1


def test_invalid_messages_are_rejected(service_harness: ServiceHarness, names: BusNames, home: Path) -> None:
    services = service_harness.services
    message = {"event_type": "volume.create.end", "priority": "INFO", "timestamp": "2026-01-01 00:00:00", "payload": {}}
    with run_collector(make_settings(home, names), services):
        wait_for(lambda: names.count_consumers() == 1)
        names.publish([json.dumps(message).encode(), b"{not json", b"7", *list_bodies()])
        wait_for(lambda: count_events(services) == count_expected_events())
    assert [reason[:20] for reason in list_reasons(services)] == [
        "not JSON: JSON is ma",
        "not a notification: ",
        "tenant_id is missing",
    ]


def with_messages(stack: ServiceHarness, messages: object) -> Services:
    """Return the services of `stack` with another implementation of `ingest.messages`."""
    ingest = replace(stack.services.ingest, messages=cast("Messages", messages))
    return replace(stack.services, ingest=ingest)


@dataclass(frozen=True)
class FailingMessages:
    """Fails to store some messages."""

    real: Messages

    def parse(self, cloud: str, messages: Sequence[bytes]) -> ParsedBatch:
        return self.real.parse(cloud, messages)

    def store(self, db: Connection, batch: ParsedBatch, now: int) -> IngestResult:
        result = self.real.store(db, batch, now)
        if any(b"fail" in body for _, body, _ in batch.rejected):
            raise ZeroDivisionError
        return result


def test_message_that_cannot_be_stored_is_rejected_alone(
    service_harness: ServiceHarness, names: BusNames, home: Path
) -> None:
    services = with_messages(service_harness, FailingMessages(service_harness.services.ingest.messages))
    sent = list_bodies()
    for index in (0, 300, 301, len(sent)):
        sent.insert(index, b'{"fail": %d}' % index)
    with run_collector(make_settings(home, names), services):
        wait_for(lambda: names.count_consumers() == 1)
        names.publish(sent)
        wait_for(lambda: count_events(services) == count_expected_events() and len(list_reasons(services)) == 4)
    assert set(list_reasons(services)) == {"could not be stored: ZeroDivisionError"}
    assert names.count_messages() == 0


class UnavailableOnce:
    """Can't store the first batch, because the database is not available."""

    def __init__(self, real: Messages) -> None:
        self.real = real
        self.is_available = False
        self.parsed = 0

    def parse(self, cloud: str, messages: Sequence[bytes]) -> ParsedBatch:
        self.parsed += 1
        return self.real.parse(cloud, messages)

    def store(self, db: Connection, batch: ParsedBatch, now: int) -> IngestResult:
        if not self.is_available:
            self.is_available = True
            raise Unavailable("no database")
        return self.real.store(db, batch, now)


def test_nothing_is_acknowledged_after_a_batch_that_was_not_stored(service_harness: ServiceHarness) -> None:
    messages = UnavailableOnce(service_harness.services.ingest.messages)
    services = with_messages(service_harness, messages)
    batch_queue, stop = BatchQueue(1), threading.Event()
    storage = BatchIngest(
        services, "openstack", batch_queue, IngestStatistics(BusStatus("rabbit://bus", "openstack", services.clock))
    )
    for tag, body in enumerate(list_bodies()[:2], 1):
        batch_queue.put([(tag, body)])
    threading.Thread(target=storage.parse_batches, daemon=True).start()
    store_thread = threading.Thread(target=storage.store_batches, args=(stop,))
    stop.set()
    store_thread.start()
    wait_for(lambda: messages.parsed == 2)
    batch_queue.close()
    store_thread.join(10)
    assert batch_queue.pop_acknowledgeable_tag() is None
    assert count_events(services) == 0


def test_envelopes_compression_and_content_types(service_harness: ServiceHarness, names: BusNames, home: Path) -> None:
    services = service_harness.services
    envelopes = list_bodies()
    bare = [json.loads(body)["oslo.message"].encode() for body in envelopes]
    with run_collector(make_settings(home, names), services):
        wait_for(lambda: names.count_consumers() == 1)
        names.publish(bare[0::4], "error")
        names.publish(envelopes[1::4], "sample", content_type="application/x-python-serialize")
        names.publish(bare[2::4], "audit", content_type=None, content_encoding=None)
        compressed: dict[str, Any] = {"headers": {"compression": "application/x-gzip"}}
        names.publish([zlib.compress(body) for body in envelopes[3::4]], "critical", **compressed)
        names.publish([b"not compressed", b""], **compressed)
        with connect_amqp() as connection:
            message = InvalidPropertiesMessage(b"invalid properties")
            connection.channel().basic_publish(message, names.exchange, f"{names.topic}.warn")
        wait_for(lambda: count_events(services) == count_expected_events() and len(list_reasons(services)) == 3)


def test_sources_are_independent(service_harness: ServiceHarness, names: BusNames, broker: Any, home: Path) -> None:
    services, elsewhere = service_harness.services, BusNames(broker)
    settings = make_settings(home, names, elsewhere)
    unreachable = MessageBus(url=f"rabbit://u:p@127.0.0.1:{free_port()}/", cloud="unreachable")
    settings = replace(settings, sources=(unreachable, replace(settings.sources[0], cloud="elsewhere")))
    with run_collector(settings, services):
        wait_for(lambda: names.count_consumers() == elsewhere.count_consumers() == 1)
        elsewhere.publish([b"{invalid" * number for number in range(1, 50)])
        for bus in (names, elsewhere):
            bus.publish(list_bodies())
        wait_for(lambda: count_events(services) == count_events(services, "elsewhere") == count_expected_events())
    assert len(list_reasons(services)) == 49
    elsewhere.delete()


def test_two_collectors_share_a_pool(service_harness: ServiceHarness, names: BusNames, home: Path) -> None:
    services = service_harness.services
    with run_collector(make_settings(home, names), services), run_collector(make_settings(home, names), services):
        wait_for(lambda: names.count_consumers() == 2)
        names.publish(list_bodies())
        wait_for(lambda: count_events(services) == count_expected_events() and names.count_messages() == 0)


def test_collector_beside_another_consumer(
    service_harness: ServiceHarness, names: BusNames, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Almanach reads its queues, and the collector has a copy of all messages in a queue of its own."""
    received: list[Any] = []
    with connect_amqp() as connection:
        channel = connection.channel()
        channel.exchange_declare(names.exchange, "topic", durable=False, auto_delete=False)
        for priority in ("info", "error"):
            queue = f"{names.topic}.{priority}"
            channel.queue_declare(queue, durable=False, auto_delete=False)
            channel.queue_bind(queue, names.exchange, queue)
        channel.basic_consume(f"{names.topic}.info", no_ack=True, callback=received.append)
        with run_collector(make_settings(home, names), service_harness.services):
            wait_for(lambda: names.count_consumers() == 1)
            names.publish(list_bodies())
            names.publish([b"{}"], "error")
            wait_for(lambda: count_events(service_harness.services) == count_expected_events())
        while len(received) < len(recorded()):
            connection.drain_events(timeout=WAIT_S)
    counts = {priority: names.count_messages(f"{names.topic}.{priority}") for priority in PRIORITIES}
    assert counts == dict.fromkeys(PRIORITIES, -1) | {"info": 0, "error": 1}, (
        "the collector declares its own queue only"
    )
    assert names.count_messages() == 0
    warnings = [line for line in log_lines(caplog) if line.startswith("queue has no consumer and is growing")]
    assert [f"queue={names.topic}.error " in line for line in warnings] == [True]
    names.delete(f"{names.topic}.info", f"{names.topic}.error")


def test_collector_reconnects(
    service_harness: ServiceHarness, names: BusNames, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    services, proxy = service_harness.services, Proxy()
    sent = list_bodies()
    url = f"rabbit://guest:guest@127.0.0.1:{free_port()},guest:guest@127.0.0.1:{proxy.port}/"
    with caplog.at_level(logging.INFO), run_collector(make_settings(home, names, url=url), services):
        for part in range(3):
            wait_for(lambda: names.count_consumers() == 1)
            names.publish(sent[part::3])
            proxy.interrupt()
        wait_for(lambda: count_events(services) == count_expected_events() and names.count_messages() == 0)
    proxy.close()
    assert any(line.startswith("connection lost, retrying bus=rabbit://") for line in log_lines(caplog))
    with services.database.transaction() as db:
        assert services.ingest.messages.ingest(db, "openstack", sent, 1).ingested == 0


def test_unreachable_broker_is_logged_once_without_the_password(
    service_harness: ServiceHarness, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    settings = Settings(home=home, collector_url=f"rabbit://someone:hush-hush@127.0.0.1:{port}/")
    with caplog.at_level(logging.INFO), run_collector(settings, service_harness.services):
        wait_for(lambda: bool(log_lines(caplog)))
    error = f"bus=rabbit://127.0.0.1:{port}/ error='Connection refused' retry_s=2"
    assert log_lines(caplog) == [f"broker unreachable, retrying {error}"]
    assert "hush" not in caplog.text


def test_refused_password_is_logged_once(
    service_harness: ServiceHarness, broker: Any, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = Proxy()
    settings = Settings(home=home, collector_url=f"rabbit://guest:hush-hush@127.0.0.1:{proxy.port}/")
    with caplog.at_level(logging.INFO), run_collector(settings, service_harness.services):
        wait_for(lambda: proxy.connections == 2)
    proxy.close()
    assert len(log_lines(caplog)) == 1
    assert log_lines(caplog)[0].startswith("broker refused the connection, retrying bus=rabbit://127.0.0.1")
    assert "ACCESS_REFUSED" in log_lines(caplog)[0]
    assert "hush" not in caplog.text


def test_counts_are_logged_periodically(
    service_harness: ServiceHarness,
    names: BusNames,
    home: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collector, "_REPORT_EVERY_S", 0.1)
    monkeypatch.setattr(collector, "_REPORTS_PER_LOG", 1)
    with caplog.at_level(logging.INFO), run_collector(make_settings(home, names), service_harness.services):
        wait_for(lambda: names.count_consumers() == 1)
        names.publish([b"not json", *list_bodies()[:1]])
        wait_for(lambda: any(line.startswith("messages ingested ") for line in log_lines(caplog)))
    lines = [line for line in log_lines(caplog) if line.startswith("messages ingested ")]
    assert len(lines) == 1, "nothing is logged without messages"
    assert "cloud=openstack ingested=0 duplicates=0 ignored=1 rejected=1 last_at=2026-11-20T" in lines[0]
    assert "guest" not in lines[0]
