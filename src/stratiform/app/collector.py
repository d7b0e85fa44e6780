"""The collector: hears the notifications of real OpenStacks and puts them into the ledger.

Each source has three threads of its own: one hears, one reads what was heard, one stores what was read. So a batch is
stored while the next one comes, and no source waits for another.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from stratiform.app.settings import Settings, Source
from stratiform.interfaces.amqp.address import Address, parse
from stratiform.interfaces.amqp.storage import Storing, Tally
from stratiform.interfaces.services import Services
from stratiform.kit.errors import Invalid
from stratiform.services.ingest.service import check_cloud

logger = logging.getLogger(__name__)

#: So many messages are one transaction; fewer, where no more come for a moment.
_BATCH = 1000

#: So many batches are on their way: one is stored, one waits, one is read, one comes.
_BATCHES_AHEAD = 4

_TELL_EVERY_S = 60.0

#: How long a transaction, and then a goodbye to the broker, may take once we are to stop.
_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class _Ear:
    """What it takes to hear one source. The threads end in this order."""

    inbox_closes: Callable[[], None]
    tally: Tally
    reading: threading.Thread
    storing: threading.Thread
    hearing: threading.Thread


def addresses(settings: Settings) -> dict[str, Address]:
    """Where each bus is, by the setting that tells it. Connects to nothing. Raises Invalid, naming the setting."""
    found = {key: parse(source.url, key) for key, source in settings.message_buses.items()}
    for source in settings.message_buses.values():
        check_cloud(source.cloud)
    _check_apart(settings.message_buses, found)
    return found


def collect(settings: Settings, services: Services, stop: threading.Event) -> None:
    """Hear until `stop` is set. Keeps trying while a broker can't be reached. Raises Invalid for a bad URL."""
    settled = threading.Event()
    ears = [
        _ear(source, address, services, stop, settled)
        for source, address in zip(settings.message_buses.values(), addresses(settings).values(), strict=True)
    ]
    for ear in ears:
        for thread in (ear.reading, ear.storing, ear.hearing):
            thread.start()
    while not stop.wait(_TELL_EVERY_S):
        for ear in ears:
            ear.tally.tell()
    for ear in ears:
        ear.inbox_closes()
    for ear in ears:
        ear.storing.join(_STOP_S)
    settled.set()
    for ear in ears:
        ear.hearing.join(_STOP_S)
        ear.tally.tell()


def _ear(source: Source, address: Address, services: Services, stop: threading.Event, settled: threading.Event) -> _Ear:
    from stratiform.interfaces.amqp.consumer import Hearing  # only who hears needs an AMQP library
    from stratiform.interfaces.amqp.inbox import Inbox
    from stratiform.interfaces.amqp.queues import Wanted

    prefetch = address.options.rabbit_qos_prefetch_count or _BATCH * _BATCHES_AHEAD
    inbox = Inbox(min(_BATCH, prefetch))
    tally = Tally(str(address), source.cloud)
    storing = Storing(services, source.cloud, inbox, tally)
    hearing = Hearing(address, Wanted(source.exchanges, source.topics, source.pool), inbox, prefetch)
    return _Ear(
        inbox.close,
        tally,
        threading.Thread(target=storing.read, name="collector-reads", daemon=True),
        threading.Thread(target=partial(storing.store, stop), name="collector-stores", daemon=True),
        threading.Thread(target=partial(hearing.run, stop, settled), name="collector-hears", daemon=True),
    )


def _check_apart(sources: Mapping[str, Source], found: Mapping[str, Address]) -> None:
    """Two clouds that share a queue would each get a part of the other's notifications. Raises Invalid."""
    clouds: dict[tuple[str, int, str, str], tuple[str, str]] = {}
    for key, source in sources.items():
        for host in found[key].hosts:
            for queue in [source.pool] if source.pool else source.topics:
                place = (host.name, host.port, found[key].virtual_host, queue)
                earlier, cloud = clouds.setdefault(place, (key, source.cloud))
                if cloud != source.cloud:
                    raise Invalid(
                        f"{key} shares the queue '{queue}' with {earlier}, for another cloud",
                        hint="give one of them another pool",
                    )
