"""Background work: what Stratiform itself did goes from the outbox into the ledger, whose log is signed; clouds are
asked what was used; old raw messages are dropped."""

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from stratiform.contract.errors import CloudError
from stratiform.contract.usage import UsageCapability, UsageSample
from stratiform.kit import outbox
from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Micros
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.work import Handler, Job, Requeue
from stratiform.services.clouds.service import CloudsService
from stratiform.services.metering import repository
from stratiform.services.metering.model.polls import Poll
from stratiform.services.metering.service import MeteringService
from stratiform.services.metering.service.polling import WORK, Question

logger = logging.getLogger(__name__)

_AT_ONCE = 500

#: A log that has grown is signed after so long.
_SIGNED_EVERY_US = MINUTE_US

_THINNED_EVERY_US = HOUR_US

#: Batches whose messages one transaction drops: the ledger's writer never waits long.
_DROPPED_AT_ONCE = 20
_DROPPED_EVERY_US = HOUR_US


#: New clouds and meter files are looked for so often.
_SURVEYED_EVERY_US = MINUTE_US

#: Readings that one transaction takes.
_READ_AT_ONCE = 1000


def handlers(service: MeteringService, clouds: CloudsService) -> dict[str, Handler]:
    return {
        "metering.outbox": partial(_drain, service),
        "metering.checkpoint": partial(_sign, service),
        "metering.checkpoints": _thin,
        "metering.retention": partial(_drop, service),
        "metering.survey": partial(_survey, service, clouds),
        WORK: partial(_poll, service, clouds),
    }


def _drain(service: MeteringService, job: Job) -> Requeue | None:
    """Take the oldest events until there are none; each transaction takes them and adds them, or does neither."""
    while True:
        with job.apply() as db:
            posted = outbox.list_pending(db, _AT_ONCE)
            service.ingest(db, [_event(one) for one in posted], job.clock.now())
            outbox.remove(db, posted)
        if len(posted) < _AT_ONCE:
            return None


def _sign(service: MeteringService, job: Job) -> Requeue:
    """A checkpoint, where the log has grown. One that contradicts an earlier one is refused, and told in the log."""
    with job.apply() as db:
        service.make_checkpoint(db, job.clock.now())
    return Requeue(_SIGNED_EVERY_US)


def _thin(job: Job) -> Requeue:
    """Of checkpoints older than a day, one an hour is enough."""
    with job.apply() as db:
        repository.proofs.thin(db, job.clock.now() - DAY_US)
    return Requeue(_THINNED_EVERY_US)


def _drop(service: MeteringService, job: Job) -> Requeue | None:
    """Drop raw messages that are older than they are to be kept, a few batches at a time. What was read out of them
    stays for ever."""
    if not service.raw_messages_days:
        return None
    while True:
        with job.apply() as db:
            oldest = job.clock.now() - service.raw_messages_days * DAY_US
            dropped = repository.ledger.drop_messages(db, oldest, _DROPPED_AT_ONCE)
            repository.unknown.drop(db, dropped)
        if len(dropped) < _DROPPED_AT_ONCE:
            return Requeue(_DROPPED_EVERY_US)


def _survey(service: MeteringService, clouds: CloudsService, job: Job) -> Requeue:
    """See which clouds can be asked for which meters."""
    with job.apply() as db:
        service.survey_polls(db, clouds.accounts.list_all(db), job.clock.now())
    return Requeue(_SURVEYED_EVERY_US)


def _poll(service: MeteringService, clouds: CloudsService, job: Job) -> Requeue | None:
    """Ask one cloud for one meter, from where it was read on. What fails is told once, and asked for again."""
    with job.database.snapshot() as db:
        poll = service.poll(db, job.key)
    if poll is None:
        return None
    try:
        with job.database.snapshot() as db:
            kind = clouds.accounts.get_by_id(db, poll.cloud_id).kind
        question = service.question(kind, poll)
        usage = clouds.connections.get(poll.cloud_id).usage
        if question is None or usage is None:
            return None
        for since, until in question.schedule.windows(poll, job.clock.now()):
            poll = _read(service, job, poll, question, usage, since, until)
    except NotFound:
        return None
    except (CloudError, Invalid) as error:
        return _fail(service, job, poll, error.message)
    return Requeue(question.schedule.every_s * SECOND_US)


def _read(
    service: MeteringService,
    job: Job,
    poll: Poll,
    question: Question,
    usage: UsageCapability,
    since: Micros,
    until: Micros,
) -> Poll:
    """No transaction is open while the cloud is asked; what it has said is kept, even if it fails then."""
    for some in _some(usage.list_samples(question.table, since, until)):
        with job.apply() as db:
            service.take_readings(db, poll, question, some, job.clock.now())
    with job.apply() as db:
        return service.read_up_to(db, poll, until, job.clock.now())


def _fail(service: MeteringService, job: Job, poll: Poll, fault: str) -> Requeue:
    if fault != poll.fault:
        logger.warning("can't read %s of cloud %s: %s", poll.meter, poll.cloud, fault)
    with job.apply() as db:
        return Requeue(service.poll_failed(db, poll, fault).again_us)


def _some(readings: Iterable[UsageSample]) -> Iterator[list[UsageSample]]:
    rest = iter(readings)
    while some := list(islice(rest, _READ_AT_ONCE)):
        yield some


def _event(posted: outbox.Posted) -> Event:
    return Event(posted.message_id, posted.event_type, posted.publisher_id, posted.at, posted.cloud, posted.payload)
