"""One round: a broker, a database and collectors under load, what the plan does to them, and the reckoning."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from faults import books
from faults.collectors import Collectors
from faults.plan import (
    BROKER_ALARMED,
    BROKER_KILLED,
    BROKER_RESTARTED,
    COLLECTOR_KILLED,
    DATABASE_HANGS,
    DATABASE_KILLED,
    DATABASE_STOPPED,
    DISK_FULL,
    LINES_CUT,
    SQLITE,
    Fault,
    Plan,
)
from faults.publisher import Publisher
from faults.watch import Watch
from support.databases import require
from support.private_postgresql import PrivatePostgresql, private_postgresql
from support.private_rabbitmq import PrivateRabbitmq, private_rabbitmq
from support.processes import wait_until
from support.small_disk import SmallDisk, small_disk
from support.workload import route_of

EXCHANGES = ("nova", "cinder")

#: How long a broker or a collector may take to be back and to have taken what waits for it.
DRAINING_S = 120
PUBLISHING_S = 60

#: How long to wait for a transaction to strike into; there is none where all is stored.
_PATIENCE_S = 6.0

#: What else happens comes so early in a fault that its consequences are met before the end.
_EARLY = 0.1

_DATABASE_MIB, _HOME_MIB = 256, 64


@dataclass(frozen=True, slots=True)
class Services:
    """What many rounds use one after the other."""

    broker: PrivateRabbitmq
    database: PrivatePostgresql
    #: Where the database's data is.
    disk: SmallDisk


@contextmanager
def services() -> Iterator[Services]:
    """A broker and a database of our own. Skips the test where one can't be had."""
    with _folder() as folder, ExitStack() as held:
        disk = held.enter_context(small_disk(folder / "database", _DATABASE_MIB))
        (folder / "broker").mkdir()
        broker = held.enter_context(private_rabbitmq(folder / "broker"))
        yield Services(broker, held.enter_context(private_postgresql(disk.folder)), disk)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is worth telling of a round that went well."""

    segments: int
    seconds: float
    drained_s: float
    repeated: int
    midway: int
    ends: tuple[int, ...]


def play(plan: Plan, of: Services) -> Outcome:
    """Play one round. Fails where anything was lost, doubled, or left behind."""
    begun = time.monotonic()
    with _folder() as folder, ExitStack() as held:
        round_ = _Round(plan, of, folder, held)
        try:
            drained = round_.play()
            segments = books.check(plan, round_.home, round_.url)
        except Exception as error:
            error.add_note(f"seed {plan.seed}, {plan.store}, {plan.collectors} collectors: {plan.story}")
            error.add_note(round_.collectors.told())
            raise
        seconds = time.monotonic() - begun
        return Outcome(
            segments, seconds, drained, round_.publisher.repeated, round_.midway, tuple(round_.collectors.ends)
        )


class _Round:
    def __init__(self, plan: Plan, of: Services, folder: Path, held: ExitStack) -> None:
        self._plan = plan
        self._of = of
        self._queue = f"round-{plan.seed}"
        self.home = folder / "home-0"
        self._disk = of.disk
        if plan.store == SQLITE:
            self._disk = held.enter_context(small_disk(self.home, _HOME_MIB))
            self.url = f"sqlite:///{self.home / 'stratiform.db'}"
        else:
            self.url = of.database.create_database(self._queue)
            held.callback(of.database.drop_database, self._queue)
        if any(fault.kind == DISK_FULL for fault in plan.faults):
            require("a filesystem to fill (mount)", self._disk.limited)
        self._homes = [folder / f"home-{number}" for number in range(plan.collectors)]
        settings = {
            "database_url": self.url,
            "collector_url": of.broker.url,
            "collector_pool": self._queue,
            "bcrypt_rounds": "4",
        }
        self.collectors = Collectors(self._homes, folder, settings)
        held.callback(self._mend)
        held.callback(self.collectors.stop)
        self._watch = Watch(self.url)
        #: Faults that came in the middle of a transaction.
        self.midway = 0
        self.publisher = Publisher(of.broker.port, plan.sent, plan.properties, route_of, EXCHANGES)

    def play(self) -> float:
        """How many seconds it took from the last confirmation until nothing was left in the queue."""
        self._start_collectors()
        self.publisher.start()
        try:
            shares = [fault.share for fault in self._plan.faults]
            for fault, following in zip(self._plan.faults, [*shares[1:], 1.0], strict=True):
                self.publisher.allow(fault.share)
                self.publisher.reach(fault.share, PUBLISHING_S)
                self.publisher.allow(following)
                time.sleep(fault.delay)
                if fault.midway and self._watch.sees_writer(_PATIENCE_S):
                    self.midway += 1
                self._strike(fault)
            self.publisher.finish(PUBLISHING_S)
        finally:
            self.publisher.leave()
        begun = time.monotonic()
        wait_until(lambda: self._left() == (0, 0), DRAINING_S, "the queue does not drain")
        drained = time.monotonic() - begun
        for number in range(len(self.collectors)):
            self.collectors.wait_ready(number)
        assert not self.collectors.complaints(), "a collector told more than one line of what is wrong"
        assert set(self.collectors.ends) <= {1}, f"collectors ended by {self.collectors.ends}"
        assert self.collectors.stop() == [0] * len(self.collectors), "a collector did not end well"
        assert self._left() == (0, 0), "a message was left unacknowledged"
        return drained

    def _start_collectors(self) -> None:
        """The first makes what every home of one database shares."""
        self.collectors.start(0)
        self.collectors.wait_ready(0)
        for number in range(1, len(self.collectors)):
            self._homes[number].mkdir()
            shutil.copytree(self.home / "keys", self._homes[number] / "keys")
            shutil.copy(self.home / "clouds.yaml", self._homes[number])
            self.collectors.start(number)
            self.collectors.wait_ready(number)
        self.collectors.supervise()

    def _left(self) -> tuple[int, int]:
        return self._of.broker.queues()[self._queue]

    def _strike(self, fault: Fault) -> None:
        of = self._of
        begin, end = {
            COLLECTOR_KILLED: (self._kill_collector, _nothing),
            DATABASE_KILLED: (of.database.kill, of.database.start),
            DATABASE_STOPPED: (of.database.stop, of.database.start),
            DATABASE_HANGS: (of.database.pause, of.database.resume),
            DISK_FULL: (lambda: self._disk.fill(fault.leave), self._free_disk),
            BROKER_KILLED: (of.broker.kill, of.broker.start),
            BROKER_RESTARTED: (of.broker.stop, of.broker.start),
            LINES_CUT: (of.broker.cut, _nothing),
            BROKER_ALARMED: (of.broker.alarm, of.broker.calm),
        }[fault.kind]
        begin()
        time.sleep(fault.hold * _EARLY)
        if fault.also:
            {COLLECTOR_KILLED: self._kill_collector, LINES_CUT: of.broker.cut}[fault.also]()
        time.sleep(fault.hold * (1 - _EARLY))
        end()
        if fault.then is not None:
            time.sleep(fault.then)
            self._kill_collector()

    def _kill_collector(self) -> None:
        self.collectors.kill(self._plan.seed % len(self.collectors))

    def _free_disk(self) -> None:
        """Where it can't write its log, PostgreSQL ends, and is started again when there is room."""
        self._disk.empty()
        self._of.database.start()

    def _mend(self) -> None:
        """Whatever this round broke off in the middle of, the next one finds everything well."""
        self._disk.empty()
        self._of.database.resume()
        self._of.database.start()
        self._of.broker.start()
        if any(fault.kind == BROKER_ALARMED for fault in self._plan.faults):
            self._of.broker.calm()
        self._of.broker.delete_queue(self._queue)


def _nothing() -> None:
    """What was done needs no undoing."""


@contextmanager
def _folder() -> Iterator[Path]:
    """One that the database's user can reach, too; pytest's own are closed to others."""
    made = Path(mkdtemp(prefix="stratiform-faults-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
