"""The ledger under load, a section at a time.

    .venv/bin/python benchmarks/ledger.py ingest  [--messages 50000] [--batch 4000]
    .venv/bin/python benchmarks/ledger.py profile [--messages 50000]

`ingest` measures the collector from a full, durable RabbitMQ queue into PostgreSQL and SQLite, and for comparison a
consumer that only acknowledges and the listener of oslo.messaging. `profile` samples where the collector spends its
time with PostgreSQL.

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

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # for the recorded notifications

#: Messages a second of Almanach 4.1.0 through RabbitMQ on a machine of two cores, ±40 %: section 9 of almanach.md, our
#: inventory of that system. Its store was an ideal one in memory, and the double that its own tests use.
ALMANACH_IDEAL = (1_079, 1_801)
ALMANACH_STAND_IN = 139

#: The collector must store at least this many times the messages that the listener of oslo.messaging receives.
REQUIRED_RATIO, AIM_RATIO = 1.8, 4.0

#: Messages in a batch of the other consumers, for which it makes no difference (decision 0013).
_OTHERS_BATCH = 1000

#: Approximate number of messages about one machine or volume.
_PER_LIFE = 16

_TOPIC = "notifications"

#: The id by which the listener of oslo.messaging drops duplicates without acknowledging them.
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
    """The duration in seconds, and the processor time per message in microseconds, by process."""

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
    """Return `count` notifications of machines and volumes, versioned and unversioned, in order of time.

    They follow recorded notifications (tests/support/workload.py): version 2 envelopes of 3 KiB.
    """
    from support.workload import random_notifications

    messages = random_notifications(random.Random(1), count // _PER_LIFE + 1)
    while len(messages) < count:
        messages += random_notifications(random.Random(len(messages)), count // _PER_LIFE + 1)
    return [_UNIQUE.sub(lambda match: match[1] + uuid4().hex.encode(), body) for body in messages[:count]]


@contextmanager
def channel() -> Iterator[Any]:
    amqp: Any = importlib.import_module("amqp")
    url = urlsplit(bus_url())
    with amqp.Connection(f"{url.hostname}:{url.port}", userid=url.username, password=url.password) as connection:
        yield connection.channel()


@contextmanager
def filled(messages: list[bytes]) -> Iterator[Queue]:
    """Declare the queue of the collector, and publish `messages` to it."""
    from stratiform.interfaces.amqp.queues import Subscription, declare_queues
    from stratiform.interfaces.amqp.transport_url import parse_transport_url

    amqp: Any = importlib.import_module("amqp")
    name = f"bench-{uuid4().hex[:8]}"
    queue = Queue(name, name, len(messages))
    with channel() as open_channel:
        declare_queues(
            open_channel.connection,
            parse_transport_url(bus_url() + "?amqp_durable_queues=true", "bus"),
            Subscription([name], [_TOPIC], name),
        )
        properties = {"content_type": "application/json", "content_encoding": "utf-8", "delivery_mode": 2}
        for body in messages:
            open_channel.basic_publish(amqp.Message(body, **properties), name, f"{_TOPIC}.info")
        _until(lambda: queue.depth(open_channel) == len(messages))
        try:
            yield queue
        finally:
            open_channel.queue_delete(name)
            open_channel.exchange_delete(name)


def _until(condition: Callable[[], bool], every_s: float = 0.05) -> None:
    while not condition():
        time.sleep(every_s)


def measured(name: str, count: int, work: Callable[[], None]) -> Cost:
    started, own = time.perf_counter(), time.process_time()
    broker, database = _used("beam"), _used("postgres")
    work()
    seconds = time.perf_counter() - started
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
    """Return the processor seconds of all processes of this name, including those of other installations."""
    ticks = 0
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and program in (folder / "comm").read_text():
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        except OSError:
            continue  # the process has just ended
    return ticks / os.sysconf("SC_CLK_TCK")


def bare(messages: list[bytes], batch: int) -> Cost:
    """Measure a consumer that only acknowledges."""
    with filled(messages) as queue, channel() as open_channel:
        received = 0

        def take(message: Any) -> None:
            nonlocal received
            received += 1
            if received % batch == 0 or received == queue.messages:
                open_channel.basic_ack(message.delivery_tag, multiple=True)

        def drain() -> None:
            open_channel.basic_consume(queue.pool, callback=take)
            while received < queue.messages:
                open_channel.connection.drain_events()

        open_channel.basic_qos(0, 4 * batch, False)
        return measured("the broker to a bare consumer", queue.messages, drain)


def oslo(messages: list[bytes], batch: int) -> Cost:
    """Measure the batch listener of oslo.messaging with an endpoint that does nothing."""
    from support.bus import oslo_messaging, parse_with_oslo

    with filled(messages) as queue:
        received, done = 0, threading.Event()

        class Endpoint:
            def info(self, notifications: list[Any]) -> str:
                nonlocal received
                received += len(notifications)
                if received >= queue.messages:
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
    """Yield a function that runs the collector on a fresh database until all messages are stored."""
    from stratiform.app import collector as program
    from stratiform.app import database_schema
    from stratiform.app.settings import Settings
    from stratiform.app.wiring import build_services
    from stratiform.kit import interpreter
    from stratiform.kit.ids import RandomIds
    from stratiform.kit.installation_keys import InstallationKeys
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
        InstallationKeys(settings.home / "keys").create(RandomIds())
        services = build_services(settings)
        database_schema.upgrade(services.database)
        interpreter.tune_interpreter()  # as `serve` does
        stop = threading.Event()
        thread = threading.Thread(target=program.collect, args=(settings, services, stop))

        def stored() -> bool:
            """Return True if all messages are stored. Each of them is one event; a cheap query, as it is measured."""
            with services.database.read_transaction() as db:
                return bool(
                    db.exec_driver_sql("SELECT max(events) FROM metering_position").scalar_one() == queue.messages
                )

        def drain() -> None:
            thread.start()
            _until(stored, 0.1)  # more often, the queries take a tenth of the processor time on a busy machine

        try:
            yield drain
        finally:
            stop.set()
            thread.join()
            services.database.close()


def ingest(arguments: argparse.Namespace) -> None:
    """Measure ingestion from RabbitMQ into the databases."""
    messages = traffic(arguments.messages)
    size = sum(map(len, messages)) / len(messages)
    print(
        f"{len(messages):,} messages of {size:,.0f} bytes, persistent, in a durable queue; batches of {arguments.batch}"
    )
    ours = _collected(messages, arguments.batch, "PostgreSQL")
    consumer, listener = bare(messages, _OTHERS_BATCH), oslo(messages, _OTHERS_BATCH)
    for cost in (ours, _collected(messages, arguments.batch, "SQLite"), consumer, listener):
        print(cost.line())
    print(f"the collector reaches {ours.rate / consumer.rate:.0%} of the bare consumer")
    ratio = ours.rate / listener.rate
    print(f"oslo.messaging's listener: {ratio:.2f} times (required: {REQUIRED_RATIO}, aim: {AIM_RATIO})")
    low, high = ALMANACH_IDEAL
    times = [ours.rate / almanach for almanach in (low, high, ALMANACH_STAND_IN)]
    print(f"Almanach 4.1.0, ideal store: {low:,} to {high:,}/s: {times[1]:.1f} to {times[0]:.1f} times")
    print(f"Almanach 4.1.0, its tests' store: {ALMANACH_STAND_IN}/s, so {times[2]:.1f} times (aim: 20)")


def _collected(messages: list[bytes], batch: int, database: str) -> Cost:
    with filled(messages) as queue, collector(queue, batch, database.lower()) as drain:
        return measured(f"the collector into {database}", queue.messages, drain)


#: Path of a source file → category; the innermost frame that matches counts.
_CATEGORIES = (
    ("amqp/batch_ingest", "storing a batch: other"),
    ("amqp/", "AMQP: frames, queue of batches"),
    ("ingest/parsing", "parsing messages"),
    ("ledger/model", "fold, records"),
    ("service/batch_fold", "fold, records"),
    ("kit/merkle", "Merkle log"),
    ("repository/log_tiles", "Merkle log"),
    ("repository/batches", "compression of messages"),
    ("ledger/repository", "queries and COPY"),
    ("kit/bulk", "queries and COPY"),
    ("kit/database", "queries and COPY"),
    ("ledger/service", "storing a batch: other"),
    ("ingest/service", "storing a batch: other"),
)


def profile(arguments: argparse.Namespace) -> None:
    """Sample where the collector spends its time."""
    messages = traffic(arguments.messages)
    seen: Counter[str] = Counter()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.002):
            for thread in threading.enumerate():
                if thread.name.startswith("collector-"):
                    frame = sys._current_frames().get(thread.ident or 0)
                    seen[f"{thread.name:<18} {_category(frame)}"] += 1

    with filled(messages) as queue, collector(queue, arguments.batch) as drain:
        threading.Thread(target=watch, daemon=True).start()
        cost = measured("the collector into PostgreSQL, watched", queue.messages, drain)
        over.set()
    print(cost.line())
    for thread in ("collector-consume", "collector-parse", "collector-store"):
        counts = Counter({category: count for category, count in seen.items() if category.startswith(thread)})
        for category, count in counts.most_common():
            print(f"{count / counts.total():>6.1%}  {category}")


def _category(frame: Any) -> str:
    if frame is not None and frame.f_code.co_name in ("wait", "_read", "recv", "wait_for"):
        waits = {"psycopg": "waiting for the database", "amqp": "waiting for the broker"}
        for library, waiting in waits.items():
            if library in frame.f_code.co_filename:
                return waiting
        return "waiting for messages"
    while frame is not None:
        for path, category in _CATEGORIES:
            if path in frame.f_code.co_filename:
                return category
        frame = frame.f_back
    return "elsewhere"


SECTIONS: dict[str, Callable[[argparse.Namespace], None]] = {"ingest": ingest, "profile": profile}


def main() -> None:
    from stratiform.app import collector as collector_program

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("section", choices=SECTIONS)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=collector_program._BATCH, help="messages in a transaction at most")
    arguments = parser.parse_args()
    SECTIONS[arguments.section](arguments)


if __name__ == "__main__":
    main()
