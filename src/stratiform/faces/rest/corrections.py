"""Corrections of the ledger by staff: `/api/v1/usage/corrections`."""

from typing import Any

import msgspec

from stratiform.faces.rest.usage import segment_view
from stratiform.faces.rest.usage.asking import page_of
from stratiform.faces.stack import Request, decode, get, post, reading, stack_of, writing
from stratiform.kit.clock import Micros, iso, parse
from stratiform.kit.errors import Invalid
from stratiform.services.metering.model import Correction, Filter, Resource
from stratiform.services.metering.service import Made

Body = dict[str, Any]

#: What is a time among all that a correction, or what was seen, says.
_TIMES = ("start", "end", "since", "until", "launched", "terminated", "deleted")


class _New(msgspec.Struct, forbid_unknown_fields=True):
    """Of which resource, why, and what: see `docs/reference/ledger.md`."""

    resource_type: str
    resource_id: str
    reason: str
    cloud: str = ""
    id: str = ""
    start: str | None = None
    end: str | None = None
    reopened: bool = False
    since: str | None = None
    until: str | None = None
    project_id: str | None = None
    state: str | None = None
    attributes: dict[str, str | int | bool | None] = {}
    absent: bool = False
    revokes: str | None = None

    def correction(self) -> Correction:
        """Its author is whoever is signed in."""
        return Correction(
            author="",
            reason=self.reason,
            reopened=self.reopened,
            project_id=self.project_id,
            state=self.state,
            attributes=self.attributes,
            absent=self.absent,
            revokes=self.revokes,
            start=_moment(self.start, "start"),
            end=_moment(self.end, "end"),
            since=_moment(self.since, "since"),
            until=_moment(self.until, "until"),
        )


@post("/usage/corrections")
def create_correction(request: Request, body: bytes) -> Body:
    """Say something of a resource against what its messages say. `start`, `end`: when its use began and ended;
    `reopened`: it hasn't ended; in the window from `since` to `until` it was of `project_id`, in `state`, with
    `attributes` (null takes one away), or `absent`: not used; `revokes`: the id of a correction that is taken back.
    `cloud` may be left out where the resource is known in one only. The same `id` again changes nothing. Answers the
    segments before and after."""
    new = decode(body, _New)
    resource = Resource(new.cloud, new.resource_type, new.resource_id)
    with writing(request) as call:
        done = stack_of(request).metering.correct(call, resource, new.correction(), message_id=new.id)
    return {
        "id": done.message_id,
        "new": done.new,
        "before": [segment_view(segment) for segment in done.before],
        "after": [segment_view(segment) for segment in done.after],
    }


@get("/usage/corrections")
def list_corrections(request: Request) -> Body:
    """Corrections by `resource_type`, `resource_id` and `cloud`, the newest first, with author, reason, time and what
    they say; `limit`, and `marker` = the `next` of the page before."""
    asked = request.query_params
    wanted = Filter(
        cloud=asked.get("cloud"), resource_type=asked.get("resource_type"), resource_id=asked.get("resource_id")
    )
    with reading(request) as call:
        page = stack_of(request).metering.list_corrections(call, wanted, page_of(request))
    following = str(page.items[-1].number) if page.more else None
    return {"corrections": [_view(one) for one in page.items], "next": following}


handlers: list[Any] = [create_correction, list_corrections]


def _view(made: Made) -> Body:
    record, statement = made.record, made.record.statement
    said = statement.correction
    assert said is not None, "only corrections are listed"
    return {
        "id": record.message_id,
        "cloud": record.cloud,
        "resource_type": record.resource_type,
        "resource_id": record.resource_id,
        "author": said.author,
        "reason": said.reason,
        "made_at": iso(record.received_at),
        "at": iso(record.at),
        "says": _told(record.fact["correction"], ("author", "reason", "told")),
        "seen": _told(record.fact, ("correction",)) if said.told else None,
        "revoked_by": made.revoked_by or None,
    }


def _told(fact: Body, without: tuple[str, ...]) -> Body:
    """What a fact says, with its times to be read."""
    return {name: iso(word) if name in _TIMES else word for name, word in fact.items() if name not in without}


def _moment(text: str | None, name: str) -> Micros | None:
    if text is None:
        return None
    try:
        return parse(text)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{name} is no time: '{text}'", hint="ISO 8601, such as 2026-11-20T00:00:00Z") from error
