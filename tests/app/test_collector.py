"""The collector against a real RabbitMQ: what it hears is what a file says, whatever is sent twice."""

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
from stratiform.app.collector import addresses, collect
from stratiform.app.settings import Settings, Source
from stratiform.interfaces.amqp.inbox import Inbox
from stratiform.interfaces.amqp.storage import Storing, Tally
from stratiform.interfaces.services import Services
from stratiform.kit.db import Connection
from stratiform.kit.errors import Invalid, Unavailable
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.service import ParsedBatch
from stratiform.services.ingest.service.messages import Messages
from support.bus import URL, Names, Spoilt, Wire, raw_connection, wait_for
from support.ledger import listing, recorded
from support.ports import free_port
from support.processes import WAIT_S
from support.stacks import Bench, bench


def settings_for(home: Path, *heard: Names, url: str = URL) -> Settings:
    """One source in the short form, the others as tables."""
    first, *others = [
        Source(url=url, cloud="openstack", topics=(names.topic,), exchanges=(names.exchange,), pool=names.pool)
        for names in heard
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
def collecting(settings: Settings, services: Services) -> Iterator[None]:
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
def expected_events() -> int:
    """How many events the recorded notifications are, read from a file."""
    with TemporaryDirectory() as folder:
        services = bench(Path(folder)).services
        with services.database.transaction() as db:
            services.ingest.messages.ingest(db, "openstack", recorded(), 1)
        found = events(services)
        services.database.close()
        return found


def bodies() -> list[bytes]:
    return [json.dumps(json.loads(line)["body"]).encode() for line in recorded()]


def events(services: Services, cloud: str = "openstack") -> int:
    with services.database.snapshot() as db:
        return int(db.execute(text("SELECT count(*) FROM metering_event WHERE cloud = :c"), {"c": cloud}).scalar_one())


def put_aside(services: Services) -> list[str]:
    with services.database.snapshot() as db:
        return list(db.execute(text("SELECT reason FROM metering_rejected ORDER BY reason")).scalars())


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("stratiform.app", "stratiform.interfaces.amqp"))
    ]


def test_hearing_is_the_same_as_reading_a_file(stack_bench: Bench, names: Names, home: Path) -> None:
    services = stack_bench.services
    sent = bodies()
    sent += random.Random(7).sample(sent, 200)
    random.Random(8).shuffle(sent)
    with collecting(settings_for(home, names), services):
        wait_for(lambda: names.listeners() == 1)
        names.publish(sent)
        wait_for(lambda: events(services) == expected_events() and names.waiting() == 0)
    with services.database.snapshot() as db:
        heard = listing(services.ledger, db)
    with services.database.transaction() as db:
        again = services.ingest.messages.ingest(db, "openstack", recorded(), 1)
        assert (again.accepted, again.repeated) == (0, expected_events())
        assert listing(services.ledger, db) == heard
        assert services.ledger.positions.get_current(db) > 0


def test_what_is_stored_is_acknowledged_before_we_go(stack_bench: Bench, names: Names, home: Path) -> None:
    services = stack_bench.services
    with collecting(settings_for(home, names), services):
        wait_for(lambda: names.listeners() == 1)
        names.publish(bodies())
        wait_for(lambda: events(services) == expected_events())
    wait_for(lambda: names.listeners() == 0)
    assert names.waiting() == 0


def test_what_is_not_stored_stays_with_the_broker(
    stack_bench: Bench, names: Names, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    services = stack_bench.services
    with services.database.transaction() as db:
        db.exec_driver_sql("ALTER TABLE metering_event RENAME TO away")
    with collecting(settings_for(home, names), services):
        wait_for(lambda: names.listeners() == 1)
        names.publish(bodies())
        wait_for(lambda: any("stay with the broker" in line for line in said(caplog)))
    wait_for(lambda: names.waiting() == len(bodies()), 5)
    with services.database.transaction() as db:
        db.exec_driver_sql("ALTER TABLE away RENAME TO metering_event")
    with collecting(settings_for(home, names), services):
        wait_for(lambda: events(services) == expected_events())


def test_a_database_that_comes_back_gets_everything_that_waited(
    stack_bench: Bench, names: Names, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    services = stack_bench.services
    with services.database.transaction() as db:
        db.exec_driver_sql("ALTER TABLE metering_event RENAME TO away")
    with collecting(settings_for(home, names), services):
        wait_for(lambda: names.listeners() == 1)
        names.publish(bodies())
        wait_for(lambda: any("stay with the broker" in line for line in said(caplog)))
        with services.database.transaction() as db:
            db.exec_driver_sql("ALTER TABLE away RENAME TO metering_event")
        wait_for(lambda: events(services) == expected_events() and names.waiting() == 0)
    assert len([line for line in said(caplog) if "stay with the broker" in line]) == 1


def test_a_malformed_one_is_kept_aside(stack_bench: Bench, names: Names, home: Path) -> None:
    services = stack_bench.services
    message = {"event_type": "volume.create.end", "priority": "INFO", "timestamp": "2026-01-01 00:00:00", "payload": {}}
    with collecting(settings_for(home, names), services):
        wait_for(lambda: names.listeners() == 1)
        names.publish([json.dumps(message).encode(), b"{not json", b"7", *bodies()])
        wait_for(lambda: events(services) == expected_events())
    assert [reason[:20] for reason in put_aside(services)] == [
        "no message_id",
        "not JSON: JSON is ma",
        "not a notification: ",
    ]


def with_messages(made: Bench, messages: object) -> Services:
    """Return the services of `made` with another implementation of `ingest.messages`."""
    ingest = replace(made.services.ingest, messages=cast("Messages", messages))
    return replace(made.services, ingest=ingest)


@dataclass(frozen=True)
class Choking:
    """A ledger that fails at what it should have taken."""

    real: Messages

    def parse(self, cloud: str, messages: Sequence[bytes]) -> ParsedBatch:
        return self.real.parse(cloud, messages)

    def store(self, db: Connection, batch: ParsedBatch, now: int) -> IngestResult:
        done = self.real.store(db, batch, now)
        if any(b"choke on this" in body for _, body, _ in batch.rejected):
            raise ZeroDivisionError
        return done


def test_one_that_cannot_be_stored_is_kept_aside_alone(stack_bench: Bench, names: Names, home: Path) -> None:
    services = with_messages(stack_bench, Choking(stack_bench.services.ingest.messages))
    sent = bodies()
    for place in (0, 300, 301, len(sent)):
        sent.insert(place, b'{"choke on this": %d}' % place)
    with collecting(settings_for(home, names), services):
        wait_for(lambda: names.listeners() == 1)
        names.publish(sent)
        wait_for(lambda: events(services) == expected_events() and len(put_aside(services)) == 4)
    assert set(put_aside(services)) == {"not stored: ZeroDivisionError"}
    assert names.waiting() == 0


class Late:
    """A ledger that can't be reached once, just when we are to stop."""

    def __init__(self, real: Messages) -> None:
        self.real = real
        self.gone = True
        self.read = 0

    def parse(self, cloud: str, messages: Sequence[bytes]) -> ParsedBatch:
        self.read += 1
        return self.real.parse(cloud, messages)

    def store(self, db: Connection, batch: ParsedBatch, now: int) -> IngestResult:
        if self.gone:
            self.gone = False
            raise Unavailable("the database is gone")
        return self.real.store(db, batch, now)


def test_nothing_is_acknowledged_behind_what_was_not_stored(stack_bench: Bench) -> None:
    late = Late(stack_bench.services.ingest.messages)
    services = with_messages(stack_bench, late)
    inbox, stop = Inbox(1), threading.Event()
    storing = Storing(services, "openstack", inbox, Tally("a bus", "openstack"))
    for tag, body in enumerate(bodies()[:2], 1):
        inbox.put(tag, body)
    threading.Thread(target=storing.read, daemon=True).start()
    writing = threading.Thread(target=storing.store, args=(stop,))
    stop.set()
    writing.start()
    wait_for(lambda: late.read == 2)
    inbox.close()
    writing.join(10)
    assert inbox.stored() is None
    assert events(services) == 0


def test_the_body_is_heard_whatever_its_wrapping(stack_bench: Bench, names: Names, home: Path) -> None:
    """Envelopes of version 1 and 2, packed ones, and what calls itself something else."""
    services = stack_bench.services
    envelopes = bodies()
    bare = [json.loads(body)["oslo.message"].encode() for body in envelopes]
    with collecting(settings_for(home, names), services):
        wait_for(lambda: names.listeners() == 1)
        names.publish(bare[0::4], "error")
        names.publish(envelopes[1::4], "sample", content_type="application/x-python-serialize")
        names.publish(bare[2::4], "audit", content_type=None, content_encoding=None)
        packed: dict[str, Any] = {"headers": {"compression": "application/x-gzip"}}
        names.publish([zlib.compress(body) for body in envelopes[3::4]], "critical", **packed)
        names.publish([b"not packed", b""], **packed)
        with raw_connection() as connection:
            connection.channel().basic_publish(Spoilt(b"no UTF-8"), names.exchange, f"{names.topic}.warn")
        wait_for(lambda: events(services) == expected_events() and len(put_aside(services)) == 3)


def test_each_source_is_heard_whatever_becomes_of_the_others(
    stack_bench: Bench, names: Names, broker: Any, home: Path
) -> None:
    services, elsewhere = stack_bench.services, Names(broker)
    settings = settings_for(home, names, elsewhere)
    dead = Source(url=f"rabbit://u:p@127.0.0.1:{free_port()}/", cloud="dead")
    settings = replace(settings, sources=(dead, replace(settings.sources[0], cloud="elsewhere")))
    with collecting(settings, services):
        wait_for(lambda: names.listeners() == elsewhere.listeners() == 1)
        elsewhere.publish([b"{poison" * number for number in range(1, 50)])
        for there in (names, elsewhere):
            there.publish(bodies())
        wait_for(lambda: events(services) == events(services, "elsewhere") == expected_events())
    assert len(put_aside(services)) == 49
    elsewhere.remove()


def test_two_collectors_share_a_pool(stack_bench: Bench, names: Names, home: Path) -> None:
    services = stack_bench.services
    with collecting(settings_for(home, names), services), collecting(settings_for(home, names), services):
        wait_for(lambda: names.listeners() == 2)
        names.publish(bodies())
        wait_for(lambda: events(services) == expected_events() and names.waiting() == 0)


def test_a_line_that_is_cut_is_taken_up_again(
    stack_bench: Bench, names: Names, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    services, wire = stack_bench.services, Wire()
    sent = bodies()
    url = f"rabbit://guest:guest@127.0.0.1:{free_port()},guest:guest@127.0.0.1:{wire.port}/"
    with caplog.at_level(logging.INFO), collecting(settings_for(home, names, url=url), services):
        for part in range(3):
            wait_for(lambda: names.listeners() == 1)
            names.publish(sent[part::3])
            wire.cut()
        wait_for(lambda: events(services) == expected_events() and names.waiting() == 0)
    wire.close()
    assert any(line.startswith("lost the line to rabbit://") for line in said(caplog))
    with services.database.transaction() as db:
        assert services.ingest.messages.ingest(db, "openstack", sent, 1).accepted == 0


def test_a_dead_broker_is_told_in_one_line_without_the_password(
    stack_bench: Bench, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    settings = Settings(home=home, collector_url=f"rabbit://someone:hush-hush@127.0.0.1:{port}/")
    with caplog.at_level(logging.INFO), collecting(settings, stack_bench.services):
        wait_for(lambda: bool(said(caplog)))
    assert said(caplog) == [f"no broker at rabbit://127.0.0.1:{port}/: Connection refused; trying again every 2 s"]
    assert "hush" not in caplog.text


def test_a_refused_password_is_told_once_and_tried_again(
    stack_bench: Bench, broker: Any, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wire = Wire()
    settings = Settings(home=home, collector_url=f"rabbit://guest:hush-hush@127.0.0.1:{wire.port}/")
    with caplog.at_level(logging.INFO), collecting(settings, stack_bench.services):
        wait_for(lambda: wire.opened == 2)
    wire.close()
    assert len(said(caplog)) == 1
    assert said(caplog)[0].startswith("can't listen at rabbit://127.0.0.1")
    assert "ACCESS_REFUSED" in said(caplog)[0]
    assert "hush" not in caplog.text


def test_what_was_heard_is_told_by_the_minute(
    stack_bench: Bench, names: Names, home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "_TELL_EVERY_S", 0.1)
    with caplog.at_level(logging.INFO), collecting(settings_for(home, names), stack_bench.services):
        wait_for(lambda: names.listeners() == 1)
        names.publish([b"not json", *bodies()[:1]])
        wait_for(lambda: any(line.startswith("heard at ") for line in said(caplog)))
    told = [line for line in said(caplog) if line.startswith("heard at ")]
    assert len(told) == 1, "nothing is said where nothing came"
    assert "of cloud openstack: 0 accepted, 0 repeated, 1 ignored, 1 rejected; the last is of 2026-11-20T" in told[0]
    assert "guest" not in told[0]


@pytest.mark.parametrize("url", ["nonsense", "rabbit:///", "http://127.0.0.1/", "rabbit://u:hush@h:port/"])
def test_a_bad_url_is_refused_without_showing_it(stack_bench: Bench, home: Path, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        collect(replace(Settings(home=home), collector_url=url), stack_bench.services, threading.Event())
    assert "hush" not in refused.value.message
    assert "collector_url" in refused.value.message


def test_a_bad_source_is_named(home: Path) -> None:
    good, bad = Source(url="rabbit://one/"), Source(url="rabbit://u:hush@two:x/")
    with pytest.raises(Invalid, match=r"^url of \[\[sources]] number 2 is not understood"):
        addresses(Settings(home=home, sources=(good, bad)))
    with pytest.raises(Invalid, match="name of a cloud"):
        addresses(Settings(home=home, sources=(replace(good, cloud=""),)))


def test_two_clouds_never_share_a_queue(home: Path) -> None:
    one = Source(url="rabbit://a:b@one,a:b@two/x", cloud="north", pool="mine")
    for other in (Source(url="rabbit://c:d@two/x", pool="mine"), replace(one, cloud="south")):
        with pytest.raises(Invalid, match=r"number 2 shares the queue 'mine' with url of \[\[sources]] number 1"):
            addresses(Settings(home=home, sources=(one, other)))
    apart = (one, replace(one, cloud="south", pool="other"), replace(one, topics=("more",)))
    assert len(addresses(Settings(home=home, sources=apart))) == 3
