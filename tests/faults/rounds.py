"""One round: a broker, a database and collectors under load, the faults of the plan, and the check of the ledger."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from faults import ledger_checks
from faults.collectors import Collectors
from faults.plan import (
    BROKER_ALARMED,
    BROKER_KILLED,
    BROKER_RESTARTED,
    COLLECTOR_KILLED,
    CONNECTIONS_CLOSED,
    DATABASE_HANGS,
    DATABASE_KILLED,
    DATABASE_STOPPED,
    DISK_FULL,
    SQLITE,
    Fault,
    Plan,
)
from faults.publisher import Publisher
from faults.write_monitor import WriteMonitor
from support.databases import require
from support.private_postgresql import PrivatePostgresql, private_postgresql
from support.private_rabbitmq import PrivateRabbitmq, private_rabbitmq
from support.processes import wait_until
from support.small_disk import SmallDisk, small_disk
from support.workload import find_route

EXCHANGES = ("nova", "cinder")

#: The limit for the broker and the collectors to recover and to process all waiting messages.
DRAIN_S = 600

#: How long to wait for a transaction that writes; without waiting messages there is none.
_WRITER_WAIT_S = 6.0

#: A coinciding fault happens after this share of the duration, so that its consequences fall into it.
_COINCIDENCE_SHARE = 0.1

_DATABASE_MIB, _HOME_MIB = 256, 64


@dataclass(frozen=True, slots=True)
class Servers:
    """Servers that rounds use one after the other."""

    broker: PrivateRabbitmq
    database: PrivatePostgresql
    #: The filesystem of the database.
    disk: SmallDisk


@contextmanager
def private_servers() -> Iterator[Servers]:
    """Run a broker and a database. Skips the test if one is not installed."""
    with _folder() as folder, ExitStack() as stack:
        disk = stack.enter_context(small_disk(folder / "database", _DATABASE_MIB))
        (folder / "broker").mkdir()
        broker = stack.enter_context(private_rabbitmq(folder / "broker"))
        yield Servers(broker, stack.enter_context(private_postgresql(disk.folder)), disk)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of a successful round."""

    segments: int
    seconds: float
    drain_seconds: float
    republished: int
    faults_in_transaction: int
    exit_codes: tuple[int, ...]


def run_round(plan: Plan, servers: Servers) -> Outcome:
    """Run a round. Fails if a message is lost, stored twice, or left in the queue."""
    start = time.monotonic()
    with _folder() as folder, ExitStack() as stack:
        round_ = _Round(plan, servers, folder, stack)
        try:
            drain_seconds = round_.run()
            segments = ledger_checks.check(plan, round_.home, round_.url)
        except Exception as error:
            error.add_note(f"seed {plan.seed}, {plan.store}, {plan.collectors} collectors: {plan.summary}")
            error.add_note(round_.collectors.log_tails())
            raise
        return Outcome(
            segments,
            time.monotonic() - start,
            drain_seconds,
            round_.publisher.republished,
            round_.faults_in_transaction,
            tuple(round_.collectors.exit_codes),
        )


class _Round:
    def __init__(self, plan: Plan, servers: Servers, folder: Path, stack: ExitStack) -> None:
        self._plan = plan
        self._servers = servers
        self._queue = f"round-{plan.seed}"
        self.home = folder / "home-0"
        self._disk = servers.disk
        if plan.store == SQLITE:
            self._disk = stack.enter_context(small_disk(self.home, _HOME_MIB))
            self.url = f"sqlite:///{self.home / 'stratiform.db'}"
        else:
            self.url = servers.database.create_database(self._queue)
            stack.callback(servers.database.drop_database, self._queue)
        if any(fault.name == DISK_FULL for fault in plan.faults):
            require("a filesystem to fill (mount)", self._disk.is_limited)
        self._homes = [folder / f"home-{number}" for number in range(plan.collectors)]
        settings = {
            "database_url": self.url,
            "collector_url": servers.broker.url,
            "collector_pool": self._queue,
            "bcrypt_rounds": "4",
        }
        self.collectors = Collectors(self._homes, folder, settings)
        stack.callback(self._restore_servers)
        stack.callback(self.collectors.stop)
        self._monitor = WriteMonitor(self.url)
        self.faults_in_transaction = 0
        self.publisher = Publisher(servers.broker.port, plan.messages, plan.properties, find_route, EXCHANGES)

    def run(self) -> float:
        """Publish, cause the faults, and drain the queue. Return the seconds from the last confirmation to the end."""
        self._start_collectors()
        self.publisher.start()
        try:
            shares = [fault.share for fault in self._plan.faults]
            for fault, next_share in zip(self._plan.faults, [*shares[1:], 1.0], strict=True):
                self.publisher.allow(fault.share)
                self.publisher.wait_confirmed(fault.share)
                self.publisher.allow(next_share)
                time.sleep(fault.delay)
                if fault.in_transaction and self._monitor.wait_for_writer(_WRITER_WAIT_S):
                    self.faults_in_transaction += 1
                self._cause(fault)
            self.publisher.finish()
        finally:
            self.publisher.stop()
        confirmed_at = time.monotonic()
        wait_until(lambda: self._queue_sizes() == (0, 0), "the queue does not drain", DRAIN_S)
        drain_seconds = time.monotonic() - confirmed_at
        self._check_collectors()
        return drain_seconds

    def _check_collectors(self) -> None:
        for number in range(len(self.collectors)):
            self.collectors.wait_ready(number)
        assert self.collectors.logs_with_tracebacks() == []
        assert set(self.collectors.exit_codes) <= {1}, f"exit codes of collectors: {self.collectors.exit_codes}"
        assert self.collectors.stop() == [0] * len(self.collectors), "a collector did not stop with exit code 0"
        assert self._queue_sizes() == (0, 0), "a message was left unacknowledged"

    def _start_collectors(self) -> None:
        """Start the collectors; the first creates the keys that all homes of a database share."""
        self.collectors.start(0)
        self.collectors.wait_ready(0)
        for number in range(1, len(self.collectors)):
            self._homes[number].mkdir()
            shutil.copytree(self.home / "keys", self._homes[number] / "keys")
            shutil.copy(self.home / "clouds.yaml", self._homes[number])
            self.collectors.start(number)
            self.collectors.wait_ready(number)
        self.collectors.supervise()

    def _queue_sizes(self) -> tuple[int, int]:
        """Return the numbers of ready and of unacknowledged messages."""
        return self._servers.broker.queues()[self._queue]

    def _cause(self, fault: Fault) -> None:
        """Cause a fault, wait for its duration, and end it."""
        start, end = self._effects(fault)
        start()
        time.sleep(fault.duration * _COINCIDENCE_SHARE)
        if fault.coincidence == COLLECTOR_KILLED:
            self._kill_collector()
        elif fault.coincidence == CONNECTIONS_CLOSED:
            self._servers.broker.close_connections()
        time.sleep(fault.duration * (1 - _COINCIDENCE_SHARE))
        end()
        if fault.kill_after is not None:
            time.sleep(fault.kill_after)
            self._kill_collector()

    def _effects(self, fault: Fault) -> tuple[Callable[[], None], Callable[[], None]]:
        """Return the functions that start and end a fault."""
        broker, database = self._servers.broker, self._servers.database
        return {
            COLLECTOR_KILLED: (self._kill_collector, _do_nothing),
            DATABASE_KILLED: (database.kill, database.start),
            DATABASE_STOPPED: (database.stop, database.start),
            DATABASE_HANGS: (database.pause, database.resume),
            DISK_FULL: (lambda: self._disk.fill(fault.free_bytes), self._free_disk),
            BROKER_KILLED: (broker.kill, broker.start),
            BROKER_RESTARTED: (broker.stop, broker.start),
            CONNECTIONS_CLOSED: (broker.close_connections, _do_nothing),
            BROKER_ALARMED: (broker.set_memory_alarm, broker.clear_memory_alarm),
        }[fault.name]

    def _kill_collector(self) -> None:
        self.collectors.kill(self._plan.seed % len(self.collectors))

    def _free_disk(self) -> None:
        """Free the disk, and restart PostgreSQL, which ends if it cannot write its log."""
        self._disk.empty()
        self._servers.database.start()

    def _restore_servers(self) -> None:
        """End all faults, for the next round."""
        self._disk.empty()
        self._servers.database.resume()
        self._servers.database.start()
        self._servers.broker.start()
        if any(fault.name == BROKER_ALARMED for fault in self._plan.faults):
            self._servers.broker.clear_memory_alarm()
        self._servers.broker.delete_queue(self._queue)


def _do_nothing() -> None:
    """End a fault that ends by itself."""


@contextmanager
def _folder() -> Iterator[Path]:
    """Create a directory that the database's user can reach; those of pytest are private."""
    folder = Path(mkdtemp(prefix="stratiform-faults-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
