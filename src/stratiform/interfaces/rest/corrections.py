"""Corrections of the ledger by staff: `/api/v1/usage/corrections`."""

from typing import Any

import msgspec

from stratiform.interfaces.rest.usage import segment_view
from stratiform.interfaces.rest.usage.asking import Limit, Marker, paged
from stratiform.interfaces.services import Request, decode, get, post, reading, services_of, writing
from stratiform.kit.clock import Micros, iso, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.services.ingest.events.corrections import parse_quantity
from stratiform.services.ingest.model.adjustments import Adjustment, find_adjustment
from stratiform.services.ingest.service import AdjustedSum, StoredCorrection
from stratiform.services.ledger.model import Correction, Resource, UsageFilter
from stratiform.services.ledger.model.samples import format_decimal

Body = dict[str, Any]

#: What is a time among all that a correction, or what was seen, says.
_TIMES = ("start", "end", "since", "until", "launched", "terminated", "deleted")


class NewCorrection(msgspec.Struct, forbid_unknown_fields=True):
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
    attributes: dict[str, Any] = {}
    absent: bool = False
    revokes: str | None = None
    meter: str | None = None
    quantity: str | int | None = None
    at: str | None = None

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

    def adjustment(self) -> Adjustment | None:
        """What is added to a meter; None where none is named. Raises Invalid where that isn't all."""
        told = {name: getattr(self, name) for name in ("meter", "quantity", "at")}
        if all(value is None for value in told.values()):
            return None
        for name, value in told.items():
            if value is None or value == "":
                raise Invalid(f"{name}: missing", hint="a meter is corrected by meter, quantity and at, all three")
        for name, value in msgspec.structs.asdict(self).items():
            if name not in _OF_ADJUSTMENTS and value:
                raise Invalid(f"{name}: not together with meter", hint="say one thing in one correction")
        at = _moment(self.at, "at")
        assert at is not None, "it is there"
        return Adjustment(str(self.meter), parse_quantity(self.quantity), at, project_id=self.project_id)


#: What is told of an adjustment.
_OF_ADJUSTMENTS = ("resource_type", "resource_id", "reason", "cloud", "id", "meter", "quantity", "at", "project_id")


@post("/usage/corrections", takes=NewCorrection)
def create_correction(request: Request, body: bytes) -> Body:
    """Say something of a resource against what its messages say. `start`, `end`: when its use began and ended;
    `reopened`: it hasn't ended; in the window from `since` to `until` it was of `project_id`, in `state`, with
    `attributes` (null takes one away), or `absent`: not used; `revokes`: the id of a correction that is taken back. Or
    `meter`, `quantity` and `at`: what is added to a meter's sum at an instant (with a minus: taken out). `cloud` may be
    left out where the resource is known in one only. The same `id` again changes nothing. Answers the segments before
    and after, and the meter's sums."""
    corrections = services_of(request).ingest.corrections
    with writing(request) as ctx:
        corrections.require_create(ctx)
        new = decode(body, NewCorrection)
        resource, adjustment = Resource(new.cloud, new.resource_type, new.resource_id), new.adjustment()
        if adjustment is None:
            done = corrections.create(ctx, resource, new.correction(), message_id=new.id)
        else:
            done = corrections.adjust(ctx, resource, adjustment, new.reason, message_id=new.id)
    return {
        "id": done.message_id,
        "new": done.is_new,
        "created": done.is_created,
        "before": [segment_view(segment) for segment in done.before],
        "after": [segment_view(segment) for segment in done.after],
        "counted": None if done.adjusted is None else _counted(done.adjusted),
    }


@get("/usage/corrections")
def list_corrections(
    request: Request,
    resource_type: str | None = None,
    resource_id: str | None = None,
    cloud: str | None = None,
    limit: Limit = None,
    marker: Marker = None,
) -> Body:
    """Corrections by `resource_type`, `resource_id` and `cloud`, the newest first, with author, reason, time and what
    they say; `limit`, and `marker` = the `next` of the page before."""
    corrections = services_of(request).ingest.corrections
    wanted = UsageFilter(cloud=cloud, resource_type=resource_type, resource_id=resource_id)
    with reading(request) as ctx:
        corrections.require_list(ctx)
        page = corrections.list(ctx, wanted, paged(limit, marker))
    following = str(page.items[-1].number) if page.more else None
    return {"corrections": [_view(one) for one in page.items], "next": following}


handlers: list[Any] = [create_correction, list_corrections]


def _view(made: StoredCorrection) -> Body:
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
        "says": _told(record.fact["correction"], ("author", "reason", "told")) | _adjusted(find_adjustment(statement)),
        "seen": _told(record.fact, ("correction",)) if said.has_observation else None,
        "revoked_by": made.revoked_by or None,
    }


def _counted(counted: AdjustedSum) -> Body:
    return {
        "meter": counted.meter,
        "unit": counted.unit,
        "before": format_decimal(counted.before),
        "after": format_decimal(counted.after),
    }


def _adjusted(adjustment: Adjustment | None) -> Body:
    if adjustment is None:
        return {}
    told = {"meter": adjustment.meter, "quantity": format_decimal(adjustment.quantity), "unit": adjustment.unit}
    told |= {} if adjustment.project_id is None else {"project_id": adjustment.project_id}
    return told | {"at": iso(adjustment.at)}


def _told(fact: Body, without: tuple[str, ...]) -> Body:
    """What a fact says, with its times to be read."""
    return {name: iso(word) if name in _TIMES else word for name, word in fact.items() if name not in without}


def _moment(text: str | None, name: str) -> Micros | None:
    if text is None:
        return None
    try:
        at = parse_iso(text)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{name}: '{text}' is no time", hint="ISO 8601, such as 2026-11-20T00:00:00Z") from error
    if at < 0:
        raise Invalid(f"{name}: '{text}' is before 1970")
    return at
