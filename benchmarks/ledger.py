"""The ledger under load, a section at a time.

    .venv/bin/python benchmarks/ledger.py hearing [--messages 50000] [--batch 1000]
    .venv/bin/python benchmarks/ledger.py profile [--messages 50000]

`hearing`: from a durable RabbitMQ queue that was filled before into PostgreSQL and into SQLite, by the collector as it
runs in production; beside it what the broker gives to who only acknowledges, and what oslo.messaging's own listener
takes. `profile`: where the collector's time into PostgreSQL goes meanwhile.

RabbitMQ and PostgreSQL are those of the tests: STRATIFORM_TEST_RABBITMQ, STRATIFORM_TEST_POSTGRESQL.
"""

import argparse
import importlib
import os
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # the recorded notifications, and what is made of them

#: Messages a second of Almanach 4.1.0 through RabbitMQ on a machine of two cores, ±40 %: section 9 of almanach.md, our
#: inventory of that system. Its store was an ideal one in memory, and the double that its own tests use.
ALMANACH_IDEAL = (1_079, 1_801)
ALMANACH_STAND_IN = 139

AIM = 10_000

#: Message per life of a machine or a volume, about.
_PER_LIFE = 16

_TOPIC = "notifications"

#: oslo.messaging's own mark of a message; its listener neither hands on nor acknowledges what bears one it has seen.
_UNIQUE = re.compile(rb'(_unique_id\\*"\s*:\s*\\*")[0-9a-f]{32}')


@dataclass(frozen=True)
class Queue:
    """A durable queue of this run, full of persistent messages."""

    exchange: str
    pool: str
    messages: int

    def depth(self, channel: Any) -> int:
        return int(channel.queue_declare(self.pool, passive=True).message_count)


@dataclass(frozen=True)
class Cost:
    """What it took: seconds, and of processor time per message, in microseconds, by who used it."""

    name: str
    messages: int
    seconds: float
    own: float
    broker: float
    database: float

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    def line(self) -> str:
        return (
            f"{self.name:<46} {self.rate:>8,.0f}/s   {self.own:>5.0f} us ours {self.broker:>5.0f} us broker "
            f"{self.database:>5.0f} us database"
        )


def bus_url() -> str:
    return os.environ.get("STRATIFORM_TEST_RABBITMQ", "rabbit://guest:guest@127.0.0.1:5672/")


def traffic(count: int) -> list[bytes]:
    """`count` notifications of machines and volumes in all that happens to them, in both of Nova's voices, as they
    were recorded (tests/support/workload.py); version 2 envelopes of 3 KiB, in order of time."""
    from support.workload import random_notifications

    made = random_notifications(random.Random(1), count // _PER_LIFE + 1)
    while len(made) < count:
        made += random_notifications(random.Random(len(made)), count // _PER_LIFE + 1)
    return [_UNIQUE.sub(lambda found: found[1] + uuid4().hex.encode(), body) for body in made[:count]]


@contextmanager
def channel() -> Iterator[Any]:
    amqp: Any = importlib.import_module("amqp")
    url = urlsplit(bus_url())
    with amqp.Connection(f"{url.hostname}:{url.port}", userid=url.username, password=url.password) as connection:
        yield connection.channel()


@contextmanager
def filled(messages: list[bytes]) -> Iterator[Queue]:
    """The queue as the collector declares it, with `messages` in it."""
    from stratiform.interfaces.amqp.address import parse
    from stratiform.interfaces.amqp.queues import Subscription, declare

    amqp: Any = importlib.import_module("amqp")
    name = f"bench-{uuid4().hex[:8]}"
    queue = Queue(name, name, len(messages))
    with channel() as open_one:
        declare(
            open_one.connection,
            parse(bus_url() + "?amqp_durable_queues=true", "bus"),
            Subscription([name], [_TOPIC], name),
        )
        about = {"content_type": "application/json", "content_encoding": "utf-8", "delivery_mode": 2}
        for body in messages:
            open_one.basic_publish(amqp.Message(body, **about), name, f"{_TOPIC}.info")
        _until(lambda: queue.depth(open_one) == len(messages))
        try:
            yield queue
        finally:
            open_one.queue_delete(name)
            open_one.exchange_delete(name)


def _until(there: Callable[[], bool], every_s: float = 0.05) -> None:
    while not there():
        time.sleep(every_s)


def measured(name: str, count: int, work: Callable[[], None]) -> Cost:
    begun, own = time.perf_counter(), time.process_time()
    broker, database = _used("beam"), _used("postgres")
    work()
    seconds = time.perf_counter() - begun
    each = 1e6 / count
    return Cost(
        name,
        count,
        seconds,
        (time.process_time() - own) * each,
        (_used("beam") - broker) * each,
        (_used("postgres") - database) * each,
    )


def _used(program: str) -> float:
    """Seconds of processor that all processes of this name have used; another installation's are among them."""
    ticks = 0
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and program in (folder / "comm").read_text():
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        except OSError:
            continue  # it has just ended
    return ticks / os.sysconf("SC_CLK_TCK")


def bare(messages: list[bytes], batch: int) -> Cost:
    """What the broker gives to one who does nothing but acknowledge."""
    with filled(messages) as queue, channel() as open_one:
        got = 0

        def take(message: Any) -> None:
            nonlocal got
            got += 1
            if got % batch == 0 or got == queue.messages:
                open_one.basic_ack(message.delivery_tag, multiple=True)

        def drain() -> None:
            open_one.basic_consume(queue.pool, callback=take)
            while got < queue.messages:
                open_one.connection.drain_events()

        open_one.basic_qos(0, 4 * batch, False)
        return measured("the broker to a bare consumer", queue.messages, drain)


def oslo(messages: list[bytes], batch: int) -> Cost:
    """What oslo.messaging's batch listener takes, with nothing done for a message."""
    from support.bus import oslo_messaging, parse_with_oslo

    with filled(messages) as queue:
        got, done = 0, threading.Event()

        class Endpoint:
            def info(self, some: list[Any]) -> str:
                nonlocal got
                got += len(some)
                if got >= queue.messages:
                    done.set()
                return str(oslo_messaging.NotificationResult.HANDLED)

        url = parse_with_oslo(f"{bus_url()}?amqp_durable_queues=true&rabbit_qos_prefetch_count={4 * batch}")
        transport = oslo_messaging.get_notification_transport(url.conf, url)
        listener = oslo_messaging.get_batch_notification_listener(
            transport,
            [oslo_messaging.Target(exchange=queue.exchange, topic=_TOPIC)],
            [Endpoint()],
            pool=queue.pool,
            batch_size=batch,
            batch_timeout=1,
        )

        def drain() -> None:
            listener.start()
            done.wait()

        cost = measured("oslo.messaging's listener, nothing stored", queue.messages, drain)
        listener.stop()
        listener.wait()
        transport.cleanup()
        return cost


@contextmanager
def collector(queue: Queue, batch: int, kind: str = "postgresql") -> Iterator[Callable[[], None]]:
    """A function that runs the collector on a fresh database until the queue is empty and everything is stored."""
    from stratiform.app import collector as program
    from stratiform.app import schema
    from stratiform.app.settings import Settings
    from stratiform.app.wiring import build
    from stratiform.kit import garbage_collection
    from support.databases import empty_database

    program._BATCH = batch
    with tempfile.TemporaryDirectory() as folder, empty_database(kind, Path(folder)) as database_url:
        settings = Settings(
            home=Path(folder),
            database_url=database_url,
            collector_url=bus_url() + "?amqp_durable_queues=true",
            collector_topics=(_TOPIC,),
            collector_exchanges=(queue.exchange,),
            collector_pool=queue.pool,
        )
        services = build(settings)
        schema.upgrade(services.database)
        garbage_collection.tune()  # as `serve` does
        stop = threading.Event()
        running = threading.Thread(target=program.collect, args=(settings, services, stop))

        def stored() -> bool:
            with services.database.snapshot() as db:
                kept = "SELECT count(*) FROM (SELECT DISTINCT batch, place FROM metering_event) AS one"
                unknown = "SELECT count(*) FROM metering_unknown"
                return sum(int(db.exec_driver_sql(one).scalar_one()) for one in (kept, unknown)) == queue.messages

        def drain() -> None:
            running.start()
            with channel() as open_one:
                _until(lambda: queue.depth(open_one) == 0, 0.02)
            _until(stored)

        try:
            yield drain
        finally:
            stop.set()
            running.join()
            services.database.close()


def hearing(asked: argparse.Namespace) -> None:
    """Section: RabbitMQ into the databases."""
    messages = traffic(asked.messages)
    size = sum(map(len, messages)) / len(messages)
    print(f"{len(messages):,} messages of {size:,.0f} bytes, persistent, in a durable queue; batches of {asked.batch}")
    ours = _collected(messages, asked.batch, "PostgreSQL")
    theirs = bare(messages, asked.batch)
    for cost in (ours, _collected(messages, asked.batch, "SQLite"), theirs, oslo(messages, asked.batch)):
        print(cost.line())
    print(f"of what the broker gives we store {ours.rate / theirs.rate:.0%}")
    low, high = ALMANACH_IDEAL
    times = [ours.rate / almanach for almanach in (low, high, ALMANACH_STAND_IN)]
    print(f"Almanach 4.1.0, ideal store: {low:,} to {high:,}/s: {times[1]:.1f} to {times[0]:.1f} times")
    print(f"Almanach 4.1.0, its tests' store: {ALMANACH_STAND_IN}/s, so {times[2]:.1f} times (aim: 20)")
    print(f"aim {AIM:,}/s: {'reached' if ours.rate >= AIM else f'{ours.rate / AIM:.0%} of it'}")


def _collected(messages: list[bytes], batch: int, database: str) -> Cost:
    with filled(messages) as queue, collector(queue, batch, database.lower()) as drain:
        return measured(f"the collector into {database}", queue.messages, drain)


#: Where a function stands → what it is for; the first that is found from the innermost frame outwards counts.
_PARTS = (
    ("amqp/storage", "storing a batch: other"),
    ("amqp/", "AMQP: frames, inbox"),
    ("ingest/events", "parsing messages"),
    ("ledger/model", "fold, records"),
    ("service/batch_fold", "fold, records"),
    ("kit/merkle", "Merkle log"),
    ("repository/tiles", "Merkle log"),
    ("repository/batches", "compression of messages"),
    ("ledger/repository", "queries and COPY"),
    ("kit/bulk", "queries and COPY"),
    ("kit/db", "queries and COPY"),
    ("ledger/service", "storing a batch: other"),
    ("ingest/service", "storing a batch: other"),
)


def profile(asked: argparse.Namespace) -> None:
    """Section: where the collector's time goes."""
    messages = traffic(asked.messages)
    seen: Counter[str] = Counter()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.002):
            for thread in threading.enumerate():
                if thread.name.startswith("collector-"):
                    frame = sys._current_frames().get(thread.ident or 0)
                    seen[f"{thread.name:<18} {_part(frame)}"] += 1

    with filled(messages) as queue, collector(queue, asked.batch) as drain:
        threading.Thread(target=watch, daemon=True).start()
        cost = measured("the collector into PostgreSQL, watched", queue.messages, drain)
        over.set()
    print(cost.line())
    for thread in ("collector-hears", "collector-reads", "collector-stores"):
        parts = {part: count for part, count in seen.items() if part.startswith(thread)}
        for part, count in sorted(parts.items(), key=lambda one: -one[1]):
            print(f"{count / sum(parts.values()):>6.1%}  {part}")


def _part(frame: Any) -> str:
    if frame is not None and frame.f_code.co_name in ("wait", "_read", "recv", "wait_for"):
        waits = {"psycopg": "waiting for the database", "amqp": "waiting for the broker"}
        for library, waiting in waits.items():
            if library in frame.f_code.co_filename:
                return waiting
        return "waiting for messages"
    while frame is not None:
        for place, part in _PARTS:
            if place in frame.f_code.co_filename:
                return part
        frame = frame.f_back
    return "elsewhere"


SECTIONS: dict[str, Callable[[argparse.Namespace], None]] = {"hearing": hearing, "profile": profile}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("section", choices=SECTIONS)
    arguments.add_argument("--messages", type=int, default=50_000)
    arguments.add_argument("--batch", type=int, default=1000, help="messages in a transaction at most")
    asked = arguments.parse_args()
    SECTIONS[asked.section](asked)


if __name__ == "__main__":
    main()
