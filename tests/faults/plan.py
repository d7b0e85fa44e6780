"""What is sent in a round and what happens meanwhile, all of it drawn from the round's seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from support.poison import odd_properties, poison
from support.shapes import Payload
from support.workload import disorder, foreign, lives

POSTGRESQL, SQLITE = "postgresql", "sqlite"

COLLECTOR_KILLED = "collector killed"
DATABASE_KILLED = "database killed"
DATABASE_STOPPED = "database stopped"
DATABASE_HANGS = "database hangs"
DISK_FULL = "disk full"
BROKER_KILLED = "broker killed"
BROKER_RESTARTED = "broker restarted"
BROKER_ALARMED = "broker alarmed"
LINES_CUT = "lines cut"

#: Each of these takes a broker's start of six seconds, so there is one a round.
_OF_BROKERS = (BROKER_KILLED, BROKER_KILLED, BROKER_RESTARTED, BROKER_ALARMED)
_OF_DATABASES = {
    POSTGRESQL: (DATABASE_KILLED, DATABASE_STOPPED, DATABASE_HANGS, DISK_FULL, COLLECTOR_KILLED, COLLECTOR_KILLED),
    SQLITE: (DISK_FULL, COLLECTOR_KILLED, COLLECTOR_KILLED, LINES_CUT),
}

#: These are over at once.
_INSTANT = (COLLECTOR_KILLED, BROKER_RESTARTED, LINES_CUT)

#: A store that is held up outlives the connection that its messages came over.
_ALSO = {DATABASE_HANGS: ("", COLLECTOR_KILLED, LINES_CUT, LINES_CUT)}

#: Every so many rounds one is on SQLite, and in one the database is gone for a minute.
_SQLITE_EVERY, _LONG_EVERY = 5, 20
_LONG_S = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Once `share` of all messages is with the broker, those up to the next fault begin to follow. It comes `delay`
    seconds later and lasts `hold` seconds."""

    kind: str
    share: float
    delay: float = 0.0
    hold: float = 0.0
    #: It waits for a transaction that writes, and comes in the middle of it.
    midway: bool = False
    #: What else happens meanwhile: a collector is killed, or all connections to the broker break.
    also: str = ""
    #: So many seconds after its end a collector is killed, while it makes up for what it could not do.
    then: float | None = None
    #: Of a full disk: so many bytes are left.
    leave: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """One round."""

    seed: int
    store: str
    collectors: int
    valid: Sequence[bytes]
    foreign: Sequence[bytes]
    poison: Sequence[bytes]
    faults: Sequence[Fault]
    #: All of them, in the order in which they are sent, and with what properties, where these are not the usual ones.
    sent: Sequence[bytes] = field(repr=False)
    properties: Mapping[bytes, Payload] = field(repr=False)

    @property
    def story(self) -> str:
        return ", ".join(_told(fault) for fault in self.faults)


def random_plan(seed: int) -> Plan:
    """The plan that belongs to `seed`, the same every time."""
    random = Random(seed)
    store = SQLITE if seed % _SQLITE_EVERY == 0 else POSTGRESQL
    kinds = [random.choice(_OF_BROKERS), *random.choices(_OF_DATABASES[store], k=random.randint(3, 5))]
    random.shuffle(kinds)
    faults = [_fault(random, kind, (place + random.random()) / len(kinds)) for place, kind in enumerate(kinds)]
    if store == POSTGRESQL and seed % _LONG_EVERY == 1:
        faults.append(Fault(DATABASE_STOPPED, share=0.97, hold=_LONG_S, also=COLLECTOR_KILLED))
    return _plan(seed, random, store, random.randint(1, 2), random.randint(200, 400), faults)


def short_plan(seed: int) -> Plan:
    """One of each that is quick to mend."""
    faults = [
        Fault(COLLECTOR_KILLED, share=0.2, midway=True),
        Fault(DATABASE_KILLED, share=0.4, midway=True, hold=0.3),
        Fault(BROKER_KILLED, share=0.6, delay=0.1),
        Fault(DATABASE_HANGS, share=0.8, midway=True, hold=1.0, also=COLLECTOR_KILLED),
    ]
    return _plan(seed, Random(seed), POSTGRESQL, 1, 120, faults)


def _fault(random: Random, kind: str, share: float) -> Fault:
    of_broker = kind in _OF_BROKERS
    midway = random.random() < (0.2 if of_broker else 0.8)
    return Fault(
        kind,
        share,
        delay=0.0 if midway else random.uniform(0.01, 0.3 if of_broker else 2.0),
        midway=midway,
        hold=0.0 if kind in _INSTANT else random.uniform(0.2, 5.0),
        also=random.choice(_ALSO.get(kind, ("", "", COLLECTOR_KILLED))),
        then=random.uniform(0, 0.4) if kind == DATABASE_HANGS and random.random() < 0.6 else None,
        leave=random.choice((0, 4_096, 100_000, 500_000)) if kind == DISK_FULL else 0,
    )


def _plan(seed: int, random: Random, store: str, collectors: int, count: int, faults: Sequence[Fault]) -> Plan:
    valid = lives(random, count)
    others, bad = foreign(random, len(valid) // 20), poison(random, len(valid) // 40)
    mixed = list(valid)
    for message in [*others, *bad]:
        mixed.insert(random.randint(0, len(mixed)), message)
    sent = disorder(random, mixed)
    odd = {message: odd_properties(random) for message in bad if random.random() < 0.5}
    return Plan(seed, store, collectors, valid, others, bad, faults, sent, odd)


def _told(fault: Fault) -> str:
    hold = f" {fault.hold:.1f} s" if fault.hold else ""
    then = f" + {COLLECTOR_KILLED} after it" if fault.then is not None else ""
    return f"{fault.kind}{hold}" + (f" + {fault.also}" if fault.also else "") + then
