"""What clouds are asked: `/api/v1/usage/polls`."""

from typing import Any

import msgspec

from stratiform.interfaces.services import Request, decode, get, post, reading, services_of, writing
from stratiform.kit.clock import iso, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.services.ingest.model.polls import Poll

Body = dict[str, Any]


class RereadFrom(msgspec.Struct, forbid_unknown_fields=True):
    """From when on."""

    since: str


@get("/usage/polls")
def list_polls(request: Request) -> Body:
    """Every meter of every cloud that is asked for it: up to when it was read, when that was, and what has failed
    since then. What is asked, and how often, is told by the `poll` tables of meter files."""
    with reading(request) as ctx:
        return {"polls": [_view(poll) for poll in services_of(request).ingest.polls.list(ctx)]}


@post("/usage/polls/{poll_id:str}/again", status_code=202, takes=RereadFrom)
def poll_again(request: Request, poll_id: str, body: bytes) -> Body:
    """Read once more everything from `since` on, as far as the cloud still has it, and soon. What is in the ledger
    already changes nothing."""
    told = decode(body, RereadFrom).since
    try:
        since = parse_iso(told)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"`since` is no time: '{told}'", hint="ISO 8601, such as 2026-11-20T00:00:00Z") from error
    with writing(request) as ctx:
        return _view(services_of(request).ingest.polls.rewind(ctx, poll_id, since))


handlers: list[Any] = [list_polls, poll_again]


def _view(poll: Poll) -> Body:
    return {
        "id": poll.id,
        "cloud": poll.cloud,
        "resource_type": poll.resource_type,
        "meter": poll.meter,
        "read_until": iso(poll.until_at),
        "asked_at": iso(poll.polled_at) if poll.polled_at else None,
        "fault": poll.fault or None,
        "failures": poll.failures,
    }
