"""Messages that speak of nothing that is metered: `/api/v1/usage/unknown`."""

from dataclasses import asdict
from typing import Annotated, Any

from litestar.params import Parameter

from stratiform.interfaces.services import Request, get, post, reading, services_of, writing
from stratiform.kit.clock import iso
from stratiform.kit.errors import Invalid
from stratiform.kit.numbers import parse_uint
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.service import IgnoredMessageType

After = Annotated[str | None, Parameter(description="The `next` of the answer before.")]

#: So many batches are read in one request; each is a transaction of its own.
_BATCHES = 20


@get("/usage/unknown")
def list_unknown(request: Request) -> dict[str, Any]:
    """How many came of each kind, from which cloud, when the first and the last, and `why` they change no use, where
    that was decided. `is_read`: a meter reads this kind by now."""
    with reading(request) as ctx:
        return {"unknown": [_view(one) for one in services_of(request).ingest.ignored_messages.list(ctx)]}


@post("/usage/unknown/replay", status_code=200)
def replay_unknown(request: Request, after: After = None) -> dict[str, Any]:
    """Reads the messages that are still kept once more, some batches of them: those after `after`. Answers what became
    of them, and in `next` after which to go on; null where that was all."""
    number: int | None = _number(after)
    done = IngestResult()
    for _ in range(_BATCHES):
        with writing(request) as ctx:
            became, number = services_of(request).ingest.ignored_messages.replay(ctx, number or 0)
        done += became
        if number is None:
            break
    return {**asdict(done), "next": number}


handlers: list[Any] = [list_unknown, replay_unknown]


def _number(text: str | None) -> int:
    number = parse_uint(text) if text else 0
    if number is None:
        raise Invalid(f"`after` is the `next` of the answer before, a whole number, not '{text}'")
    return number


def _view(message_type: IgnoredMessageType) -> dict[str, Any]:
    return {
        "cloud": message_type.cloud,
        "event_type": message_type.event_type,
        "count": message_type.count,
        "first_at": iso(message_type.first_at),
        "last_at": iso(message_type.last_at),
        "why": message_type.reason,
        "is_read": message_type.is_metered,
    }
