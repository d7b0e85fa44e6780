"""`/usage/polls`: meters that are read from clouds."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import meters as schemas
from stratiform.interfaces.rest.timestamps import parse_timestamp
from stratiform.kit.clock import format_iso
from stratiform.services.ingest import policy
from stratiform.services.ingest.model.polls import Poll


@api.get("/usage/polls", policy.POLLS_LIST)
def list_polls(request: ApiRequest) -> schemas.Polls:
    """List the polls of all clouds: the time until which each is complete, the last poll, and failures since then."""
    return schemas.Polls([_poll(poll) for poll in request.services.ingest.polls.list(request.ctx)])


@api.post("/usage/polls/{poll_id}/again", policy.POLLS_REWIND, status=202)
def rewind_poll(request: ApiRequest, poll_id: schemas.PollId, body: schemas.PollRewind) -> schemas.Poll:
    """Read a polled meter again, starting at a timestamp, as far back as the cloud still has its values.

    Samples that are already in the ledger are duplicates.
    """
    since = parse_timestamp(body.since, "since")
    return _poll(request.services.ingest.polls.rewind(request.ctx, poll_id, since))


def _poll(poll: Poll) -> schemas.Poll:
    return schemas.Poll(
        id=poll.id,
        cloud=poll.cloud,
        resource_type=poll.resource_type,
        meter=poll.meter,
        read_until=format_iso(poll.until_at),
        polled_at=format_iso(poll.polled_at) if poll.polled_at else None,
        fault=poll.fault or None,
        failures=poll.failures,
    )
