"""The plan of a round: its messages and its faults, generated from a seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from support.invalid_messages import random_invalid_messages, random_properties
from support.shapes import Payload
from support.workload import random_notifications, shuffle, unmetered_notifications

POSTGRESQL, SQLITE = "postgresql", "sqlite"

COLLECTOR_KILLED = "collector killed"
DATABASE_KILLED = "database killed"
DATABASE_STOPPED = "database stopped"
DATABASE_HANGS = "database hangs"
DISK_FULL = "disk full"
BROKER_KILLED = "broker killed"
BROKER_RESTARTED = "broker restarted"
BROKER_ALARMED = "broker alarmed"
CONNECTIONS_CLOSED = "connections closed"

#: A start of the broker takes six seconds, so a round has one of these.
_BROKER_FAULTS = (BROKER_KILLED, BROKER_KILLED, BROKER_RESTARTED, BROKER_ALARMED)
_DATABASE_FAULTS = {
    POSTGRESQL: (DATABASE_KILLED, DATABASE_STOPPED, DATABASE_HANGS, DISK_FULL, COLLECTOR_KILLED, COLLECTOR_KILLED),
    SQLITE: (DISK_FULL, COLLECTOR_KILLED, COLLECTOR_KILLED, CONNECTIONS_CLOSED),
}

#: Faults without a duration.
_INSTANT_FAULTS = (COLLECTOR_KILLED, BROKER_RESTARTED, CONNECTIONS_CLOSED)

#: While the database hangs, the connection that the stored messages came over can end.
_COINCIDENCES = {DATABASE_HANGS: ("", COLLECTOR_KILLED, CONNECTIONS_CLOSED, CONNECTIONS_CLOSED)}

#: One round of so many uses SQLite; in one of so many the database is down for a minute.
_SQLITE_INTERVAL, _LONG_OUTAGE_INTERVAL = 5, 20
_LONG_OUTAGE_S = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that happens `delay` seconds after the broker has confirmed `share` of all messages, for `duration`
    seconds. Publishing continues meanwhile."""

    name: str
    share: float
    delay: float = 0.0
    duration: float = 0.0
    #: Wait for a transaction that writes, and happen during it.
    in_transaction: bool = False
    #: A second fault during this one, or "".
    coincidence: str = ""
    #: Kill a collector so many seconds after the end, while it catches up; None: do not.
    kill_after: float | None = None
    #: The free bytes of a full disk.
    free_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """One round."""

    seed: int
    store: str
    collectors: int
    valid: Sequence[bytes]
    ignored: Sequence[bytes]
    invalid: Sequence[bytes]
    faults: Sequence[Fault]
    #: All messages in the order of publication, some of them twice.
    messages: Sequence[bytes] = field(repr=False)
    #: The AMQP properties of messages that do not have the default ones.
    properties: Mapping[bytes, Payload] = field(repr=False)

    @property
    def summary(self) -> str:
        return ", ".join(_describe(fault) for fault in self.faults)


def random_plan(seed: int) -> Plan:
    """Return the plan of a seed, always the same."""
    random = Random(seed)
    store = SQLITE if seed % _SQLITE_INTERVAL == 0 else POSTGRESQL
    names = [random.choice(_BROKER_FAULTS), *random.choices(_DATABASE_FAULTS[store], k=random.randint(3, 5))]
    random.shuffle(names)
    faults = [_fault(random, name, (index + random.random()) / len(names)) for index, name in enumerate(names)]
    if store == POSTGRESQL and seed % _LONG_OUTAGE_INTERVAL == 1:
        faults.append(Fault(DATABASE_STOPPED, share=0.97, duration=_LONG_OUTAGE_S, coincidence=COLLECTOR_KILLED))
    return _plan(seed, random, store, random.randint(1, 2), random.randint(200, 400), faults)


def short_plan(seed: int) -> Plan:
    """Return a plan with the faults from which recovery is quick."""
    faults = [
        Fault(COLLECTOR_KILLED, share=0.2, in_transaction=True),
        Fault(DATABASE_KILLED, share=0.4, in_transaction=True, duration=0.3),
        Fault(BROKER_KILLED, share=0.6, delay=0.1),
        Fault(DATABASE_HANGS, share=0.8, in_transaction=True, duration=1.0, coincidence=COLLECTOR_KILLED),
    ]
    return _plan(seed, Random(seed), POSTGRESQL, 1, 120, faults)


def _fault(random: Random, name: str, share: float) -> Fault:
    is_broker_fault = name in _BROKER_FAULTS
    in_transaction = random.random() < (0.2 if is_broker_fault else 0.8)
    return Fault(
        name,
        share,
        delay=0.0 if in_transaction else random.uniform(0.01, 0.3 if is_broker_fault else 2.0),
        in_transaction=in_transaction,
        duration=0.0 if name in _INSTANT_FAULTS else random.uniform(0.2, 5.0),
        coincidence=random.choice(_COINCIDENCES.get(name, ("", "", COLLECTOR_KILLED))),
        kill_after=random.uniform(0, 0.4) if name == DATABASE_HANGS and random.random() < 0.6 else None,
        free_bytes=random.choice((0, 4_096, 100_000, 500_000)) if name == DISK_FULL else 0,
    )


def _plan(seed: int, random: Random, store: str, collectors: int, count: int, faults: Sequence[Fault]) -> Plan:
    valid = random_notifications(random, count)
    ignored, invalid = (
        unmetered_notifications(random, len(valid) // 20),
        random_invalid_messages(random, len(valid) // 40),
    )
    mixed = list(valid)
    for message in [*ignored, *invalid]:
        mixed.insert(random.randint(0, len(mixed)), message)
    messages = shuffle(random, mixed)
    properties = {message: random_properties(random) for message in invalid if random.random() < 0.5}
    return Plan(seed, store, collectors, valid, ignored, invalid, faults, messages, properties)


def _describe(fault: Fault) -> str:
    duration = f" {fault.duration:.1f} s" if fault.duration else ""
    coincidence = f" + {fault.coincidence}" if fault.coincidence else ""
    kill = f" + {COLLECTOR_KILLED} after it" if fault.kill_after is not None else ""
    return fault.name + duration + coincidence + kill
