"""Background tasks of ingest: the outbox, polls of clouds, and the retention of messages."""

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from stratiform.contract.errors import CloudError
from stratiform.contract.usage import UsageDriver, UsageSample
from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Micros
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.outbox import INGEST
from stratiform.kit.work_queue import Handler, Job, Requeue
from stratiform.services.clouds.service import CloudsService
from stratiform.services.ingest import repository
from stratiform.services.ingest.model.polls import Poll
from stratiform.services.ingest.service import IngestService, PollQuery
from stratiform.services.ingest.service.polls import WORK

logger = logging.getLogger(__name__)

#: Events of the outbox that one transaction ingests.
_PENDING_AT_ONCE = 500

#: Batches whose messages one transaction deletes, so that the writer of the ledger never waits long.
_DELETED_AT_ONCE = 20
_DELETE_EVERY_US = HOUR_US

#: How often polls are created for new clouds and meter files.
_SYNC_EVERY_US = MINUTE_US

#: Samples that one transaction ingests.
_SAMPLES_AT_ONCE = 1000


def build_handlers(ingest: IngestService, clouds: CloudsService) -> dict[str, Handler]:
    """Return the handlers by kind of work."""
    return {
        INGEST: partial(_ingest_outbox, ingest),
        "ingest.retention": partial(_delete_messages, ingest),
        "ingest.poll_sync": partial(_sync_polls, ingest, clouds),
        WORK: partial(_poll, ingest, clouds),
    }


def _ingest_outbox(ingest: IngestService, job: Job) -> Requeue | None:
    """Move the events of the outbox to the ledger, some in each transaction."""
    while True:
        with job.transaction() as db:
            count = ingest.own_events.ingest_outbox(db, job.clock.now(), _PENDING_AT_ONCE)
        if count < _PENDING_AT_ONCE:
            return None


def _delete_messages(ingest: IngestService, job: Job) -> Requeue | None:
    """Delete messages that are older than their retention. Their events stay in the ledger."""
    if not ingest.raw_messages_days:
        return None
    while True:
        with job.transaction() as db:
            oldest = job.clock.now() - ingest.raw_messages_days * DAY_US
            batches = ingest.ledger.batches.delete_messages(db, oldest, _DELETED_AT_ONCE)
            repository.ignored_messages.delete_batches(db, batches)
        if len(batches) < _DELETED_AT_ONCE:
            return Requeue(_DELETE_EVERY_US)


def _sync_polls(ingest: IngestService, clouds: CloudsService, job: Job) -> Requeue:
    """Create and delete polls as clouds and meter files change."""
    with job.transaction() as db:
        ingest.polls.sync_with_clouds(db, clouds.accounts.list_all(db), job.clock.now())
    return Requeue(_SYNC_EVERY_US)


def _poll(ingest: IngestService, clouds: CloudsService, job: Job) -> Requeue | None:
    """Read one meter of one cloud from where it was read last."""
    with job.database.read_transaction() as db:
        poll = ingest.polls.find(db, job.key)
    if poll is None:
        return None
    try:
        with job.database.read_transaction() as db:
            kind = clouds.accounts.get_by_id(db, poll.cloud_id).kind
        query = ingest.polls.find_query(kind, poll)
        usage = clouds.connections.get(poll.cloud_id).usage
        if query is None or usage is None:
            return None
        for since, until in query.schedule.list_windows(poll, job.clock.now()):
            poll = _read(ingest, job, poll, query, usage, since, until)
    except NotFound:
        return None
    except (CloudError, Invalid) as error:
        return _fail(ingest, job, poll, error.message)
    return Requeue(query.schedule.every_s * SECOND_US)


def _read(
    ingest: IngestService, job: Job, poll: Poll, query: PollQuery, usage: UsageDriver, since: Micros, until: Micros
) -> Poll:
    """Read `[since, until)`. No transaction is open during requests; samples before a failure are stored."""
    for samples in _chunks(usage.list_samples(query.table, since, until)):
        with job.transaction() as db:
            ingest.polls.ingest_samples(db, poll, query, samples, job.clock.now())
    with job.transaction() as db:
        return ingest.polls.record_success(db, poll, until, job.clock.now())


def _fail(ingest: IngestService, job: Job, poll: Poll, fault: str) -> Requeue:
    if fault != poll.fault:
        logger.warning("poll failed cloud=%s meter=%s error=%r", poll.cloud, poll.meter, fault)
    with job.transaction() as db:
        return Requeue(ingest.polls.record_failure(db, poll, fault).retry_delay_us)


def _chunks(samples: Iterable[UsageSample]) -> Iterator[list[UsageSample]]:
    remaining = iter(samples)
    while chunk := list(islice(remaining, _SAMPLES_AT_ONCE)):
        yield chunk
