"""The collector, which consumes notifications of OpenStack clouds and stores them in the ledger.

Each source has three threads: one consumes messages, one parses them, and one stores them. So a batch is stored while
the next one arrives, and sources do not wait for each other.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from stratiform.app.settings import MessageBus, Settings
from stratiform.interfaces.amqp.batch_ingest import BatchIngest, IngestStatistics
from stratiform.interfaces.amqp.bus_status import BusState, BusStatus
from stratiform.interfaces.amqp.late_usage_log import LateUsageLog
from stratiform.interfaces.amqp.priorities import PRIORITIES
from stratiform.interfaces.amqp.transport_url import TransportUrl, parse_transport_url
from stratiform.interfaces.services import Services
from stratiform.kit.errors import Invalid
from stratiform.services.ingest.service import validate_cloud_name

if TYPE_CHECKING:
    from stratiform.interfaces.amqp.batch_queue import BatchQueue

logger = logging.getLogger(__name__)

#: The limit of messages in a batch, which is stored in one transaction. With a backlog, PostgreSQL needs half the time
#: per message that it needs with 1,000.
_BATCH = 4000

#: Batches in progress: one is stored, one waits, one is parsed, one arrives.
_BATCHES_AHEAD = 4

_REPORT_EVERY_S = 1.0

#: Counts of messages are logged once in this many reports.
_REPORTS_PER_LOG = 60

#: The time for the last transaction, and then for closing the connection, after a stop.
_STOP_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class _Pipeline:
    """The threads of one source, in the order in which they end."""

    batch_queue: "BatchQueue"
    statistics: IngestStatistics
    parsing: threading.Thread
    storing: threading.Thread
    consuming: threading.Thread

    def start(self) -> None:
        for thread in (self.parsing, self.storing, self.consuming):
            thread.start()


def parse_addresses(settings: Settings) -> dict[str, TransportUrl]:
    """Return the addresses of the buses by setting. Does not connect. Raises: Invalid, with the name of the setting."""
    by_key = {key: parse_transport_url(source.url, key) for key, source in settings.message_buses.items()}
    for key, source in settings.message_buses.items():
        validate_cloud_name(source.cloud)
        _check_priorities(key, source)
    _check_queues(settings.message_buses, by_key)
    return by_key


def collect(
    settings: Settings,
    services: Services,
    stop: threading.Event,
    report: Callable[[Sequence[BusState]], None] = lambda _buses: None,
) -> None:
    """Consume messages until `stop`, and reconnect to brokers that are not reachable. Raises: Invalid.

    `report` is called every second with the states of the buses.
    """
    settled = threading.Event()
    sources = zip(settings.message_buses.values(), parse_addresses(settings).values(), strict=True)
    pipelines = [_build_pipeline(source, address, services, stop, settled) for source, address in sources]
    late_usage = LateUsageLog(services)
    late_usage.log()
    for pipeline in pipelines:
        pipeline.start()
    for number in count(1):
        report([pipeline.statistics.status.state for pipeline in pipelines])
        if stop.wait(_REPORT_EVERY_S):
            break
        if number % _REPORTS_PER_LOG == 0:
            for pipeline in pipelines:
                pipeline.statistics.log()
            late_usage.log()
    for pipeline in pipelines:
        pipeline.batch_queue.close()
    for pipeline in pipelines:
        pipeline.storing.join(_STOP_TIMEOUT_S)
    settled.set()
    for pipeline in pipelines:
        pipeline.consuming.join(_STOP_TIMEOUT_S)
        pipeline.statistics.log()
    late_usage.log()


def _build_pipeline(
    source: MessageBus, address: TransportUrl, services: Services, stop: threading.Event, settled: threading.Event
) -> _Pipeline:
    from stratiform.interfaces.amqp.batch_queue import BatchQueue
    from stratiform.interfaces.amqp.consumer import Consumer  # only a collector with sources needs py-amqp
    from stratiform.interfaces.amqp.queues import Subscription

    prefetch = address.options.rabbit_qos_prefetch_count or _BATCH * _BATCHES_AHEAD
    batch_queue = BatchQueue(min(_BATCH, prefetch))
    status = BusStatus(str(address), source.cloud, services.clock)
    statistics = IngestStatistics(status)
    storage = BatchIngest(services, source.cloud, batch_queue, statistics)
    subscription = Subscription(source.exchanges, source.topics, source.pool, source.priorities)
    consumer = Consumer(address, subscription, batch_queue, prefetch, status)
    return _Pipeline(
        batch_queue,
        statistics,
        threading.Thread(target=storage.parse_batches, name="collector-parse", daemon=True),
        threading.Thread(target=partial(storage.store_batches, stop), name="collector-store", daemon=True),
        threading.Thread(target=partial(consumer.run, stop, settled), name="collector-consume", daemon=True),
    )


def _check_priorities(key: str, source: MessageBus) -> None:
    """Raises: Invalid."""
    unknown = sorted(set(source.priorities) - set(PRIORITIES))
    if unknown or not source.priorities:
        problem = f"unknown priority '{unknown[0]}'" if unknown else "no priorities"
        raise Invalid(f"{key} has {problem}", hint=f"priorities: {', '.join(PRIORITIES)}")


def _check_queues(sources: Mapping[str, MessageBus], by_key: Mapping[str, TransportUrl]) -> None:
    """Check that no two clouds share a queue: each would get a part of the other's messages. Raises: Invalid."""
    clouds: dict[tuple[str, int, str, str], tuple[str, str]] = {}
    for key, source in sources.items():
        for host in by_key[key].hosts:
            for queue in [source.pool] if source.pool else source.topics:
                shared = (host.name, host.port, by_key[key].virtual_host, queue)
                other_key, cloud = clouds.setdefault(shared, (key, source.cloud))
                if cloud != source.cloud:
                    raise Invalid(
                        f"{key} uses the same queue '{queue}' as {other_key}, which belongs to another cloud",
                        hint="use different pools",
                    )
