"""Background work: what Stratiform itself did goes from the outbox into the ledger."""

from functools import partial

from stratiform.kit import outbox
from stratiform.kit.outbox import Event
from stratiform.kit.work import Again, Handler, Job
from stratiform.services.metering.service import MeteringService

_AT_ONCE = 500


def handlers(service: MeteringService) -> dict[str, Handler]:
    return {"metering.outbox": partial(_drain, service)}


def _drain(service: MeteringService, job: Job) -> Again | None:
    """Take the oldest events until there are none; each transaction takes them and adds them, or does neither."""
    while True:
        with job.apply() as db:
            posted = outbox.waiting(db, _AT_ONCE)
            service.ingest(db, [_event(one) for one in posted], job.clock.now())
            outbox.taken(db, posted)
        if len(posted) < _AT_ONCE:
            return None


def _event(posted: outbox.Posted) -> Event:
    return Event(posted.message_id, posted.event_type, posted.publisher_id, posted.at, posted.cloud, posted.payload)
