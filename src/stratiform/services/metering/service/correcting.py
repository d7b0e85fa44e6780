"""Corrections by staff: events like all others, with an author and a reason."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

import msgspec
from msgspec import structs

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page, Slice, page_of
from stratiform.kit.policy import Caller
from stratiform.services.metering import repository
from stratiform.services.metering.events.corrections import EVENT_TYPE, Seen, check_resource, payload_of, read
from stratiform.services.metering.events.envelope import MESSAGE_ID_LENGTH
from stratiform.services.metering.events.vocabulary import vocabulary
from stratiform.services.metering.model import Correction, Filter, Record, Resource, Segment, Statement, fact_of
from stratiform.services.metering.model.adjust import Adjustment, adjustment_of, taken_back
from stratiform.services.metering.model.samples import total
from stratiform.services.metering.model.sense import check_adjustment, check_effect, check_in_time, check_past
from stratiform.services.metering.policy import policy
from stratiform.services.metering.service.counters import counters_of, meters_of, owner_of, sum_of, unit_of
from stratiform.services.metering.service.reading import Reading
from stratiform.services.metering.service.taking import Taking, check_cloud

_PUBLISHER = "stratiform.usage"

_HOW_NEW = "check the id; use that no message told of needs cloud, start and project"


@dataclass(frozen=True, slots=True)
class Counted:
    """What a meter of the resource sums to, from ever until now, before and after an adjustment."""

    meter: str
    unit: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a correction did. `new` is False where it had been made before; `created`: the ledger did not know the
    resource. `counted`: of the meter, where one was adjusted."""

    message_id: str
    new: bool
    before: list[Segment]
    after: list[Segment]
    created: bool = False
    counted: Counted | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A correction as it was made. `revoked_by`: the message id of the one that took it back, "" where none did."""

    number: int
    record: Record
    revoked_by: str


class Correcting(Taking, Reading):
    """Verbs on corrections."""

    __slots__ = ()

    def allow_correcting(self, ctx: RequestContext) -> None:
        """Raises Forbidden. For who is to know it before anything else is looked at."""
        policy.require(ctx.caller, "usage:corrections:create", None)

    def correct(self, ctx: RequestContext, resource: Resource, said: Correction, *, message_id: str = "") -> Corrected:
        """Say `said` of `resource` against its messages; its author is the caller, whatever is told of one. The same
        `message_id` again changes nothing; without one it follows from what is said and the time.

        Without a cloud it is the one in which the resource is known. Only with a start and a project it may tell of a
        resource that the ledger doesn't know. Raises Forbidden, Invalid (the field is named; the transaction is to be
        rolled back), NotFound (no such resource, or no such correction to revoke), Conflict (this id said something
        else; what is to be revoked was).
        """
        self.allow_correcting(ctx)
        repository.ledger.take(ctx.db)
        resource, is_told = self._place(ctx.db, resource, said)
        before = self._used(ctx, resource)
        words = vocabulary(resource.resource_type, self.reader.meters.get(resource.resource_type), before)
        said = structs.replace(said, author=author_of(ctx.caller), attributes=words.fitted(said.attributes))
        key = _key(message_id, resource, said, ctx.now)
        taken_back = _revoked_by(ctx.db, resource, said)
        if taken_back is not None and "samples" in taken_back.fact:
            return self._adjusted(ctx, resource, said, _opposite(taken_back, said), key)
        event = Event(key, EVENT_TYPE, _PUBLISHER, ctx.now, resource.cloud, payload_of(resource, said, None))
        if _is_made(ctx.db, event):
            return Corrected(key, False, before, before)
        check_in_time(said, ctx.now)
        if said.state is not None:
            words.check_state(said.state, partial(_states_of, ctx, resource.resource_type))
        _check_in_force(ctx.db, resource, said)
        self.ingest(ctx.db, [replace(event, at=_next(ctx, resource))], ctx.now)
        after = self._used(ctx, resource)
        check_effect(said, before, after, created=not is_told)
        return Corrected(key, True, before, after, created=not is_told)

    def adjust(
        self, ctx: RequestContext, resource: Resource, adjustment: Adjustment, reason: str, *, message_id: str = ""
    ) -> Corrected:
        """Add a quantity to what a meter of the resource counted at an instant, or take it out; the unit is that of the
        meter's sums, whatever is told of one. Where nobody is named it is of who used the resource then, or else whose
        all other values of the meter are. `message_id` and what is raised: as with `correct`."""
        self.allow_correcting(ctx)
        repository.ledger.take(ctx.db)
        said = Correction(author_of(ctx.caller), reason)
        resource, _ = self._place(ctx.db, resource, said)
        check_past("at", adjustment.at, ctx.now)
        key = _key(message_id, resource, [said, adjustment], ctx.now)
        return self._adjusted(ctx, resource, said, adjustment, key)

    def _adjusted(
        self, ctx: RequestContext, resource: Resource, said: Correction, adjustment: Adjustment, key: str
    ) -> Corrected:
        used = self._used(ctx, resource)
        counters = counters_of(ctx, resource, adjustment.meter) if adjustment.meter.isprintable() else []
        told = self.reader.sample(resource.resource_type, adjustment.meter)
        unit = unit_of(adjustment.meter, counters, told)
        if unit is None:
            raise self._no_such_meter(ctx, resource, adjustment.meter)
        project_id = adjustment.project_id
        if project_id is None and not said.revokes:
            project_id = owner_of(adjustment.at, used, counters)
        adjustment = replace(adjustment, unit=unit, project_id=project_id)
        payload = payload_of(resource, said, None, adjustment)
        event = Event(key, EVENT_TYPE, _PUBLISHER, adjustment.at, resource.cloud, payload)
        sum_ = sum_of(counters)
        if _is_made(ctx.db, event):
            return Corrected(key, False, used, used, counted=Counted(adjustment.meter, unit, sum_, sum_))
        _check_in_force(ctx.db, resource, said)
        if not said.revokes:
            check_adjustment(adjustment, sum_)
        self.ingest(ctx.db, [event], ctx.now)
        counted = Counted(adjustment.meter, unit, sum_, total((sum_, adjustment.quantity)))
        return Corrected(key, True, used, used, counted=counted)

    def allow_listing_corrections(self, ctx: RequestContext) -> None:
        """As `allow_correcting`."""
        policy.require(ctx.caller, "usage:corrections:list", None)

    def list_corrections(self, ctx: RequestContext, wanted: Filter, page: Page) -> Slice[Made]:
        """Corrections of a cloud, type and id, as far as `wanted` has them, the newest first; the marker is a number.
        Raises Forbidden, Invalid."""
        self.allow_listing_corrections(ctx)
        if page.marker is not None and not (page.marker.isascii() and page.marker.isdecimal()):
            raise Invalid("marker not understood", hint="use the 'next' of the page before")
        before = None if page.marker is None else int(page.marker)
        rows = repository.corrections.page(ctx.db, wanted, page.limit + 1, before)
        revoked = _revoked(ctx.db, [record for _, record in rows])
        made = [Made(number, record, revoked.get((record.resource, record.message_id), "")) for number, record in rows]
        return page_of(made, page)

    def _used(self, ctx: RequestContext, resource: Resource) -> list[Segment]:
        return list(self.segments(ctx.db, Filter(*resource)))

    def _place(self, db: Connection, resource: Resource, said: Correction) -> tuple[Resource, bool]:
        """The resource that is meant, and whether any event told of it: else `said` must tell what a use needs. Raises
        Invalid, NotFound."""
        if not said.reason.strip():
            raise Invalid("reason: a correction needs a reason")
        check_resource(resource)
        if resource.cloud:
            check_cloud(resource.cloud)
        clouds = repository.corrections.clouds_of(db, resource.resource_type, resource.resource_id)
        if not resource.cloud and len(clouds) > 1:
            name = f"{resource.resource_type} {resource.resource_id}"
            raise Invalid(f"cloud: {name} is known in several", hint=f"say which: {', '.join(clouds)}")
        meant = resource._replace(cloud=resource.cloud or (clouds[0] if clouds else ""))
        number = repository.resources.numbers(db, [meant]).get(meant)
        if number is not None and repository.resources.kept(db, [number])[number].progress.count:
            return meant, True
        self._check_new(db, meant, said, clouds)
        return meant, False

    def _check_new(self, db: Connection, resource: Resource, said: Correction, clouds: Sequence[str]) -> None:
        """A mistyped id must not become a resource. Raises NotFound, Invalid."""
        kind = resource.resource_type
        if kind not in self.reader.meters and not repository.listing.rows(db, Filter(resource_type=kind), 1):
            raise Invalid(f"resource_type: there is no type '{kind}'", hint=f"known: {', '.join(self.reader.meters)}")
        if said.start is None:
            raise _unknown(resource, clouds)
        missing = "project_id" if said.project_id is None else "" if resource.cloud else "cloud"
        if missing:
            raise Invalid(
                f"{missing}: the ledger doesn't know {kind} {resource.resource_id}, so this must be told, too",
                hint=_HOW_NEW,
            )

    def _no_such_meter(self, ctx: RequestContext, resource: Resource, meter: str) -> Invalid:
        file = self.reader.meters.get(resource.resource_type)
        known = {*(() if file is None else file.samples), *meters_of(ctx.db, resource)}
        return Invalid(
            f"meter: the type {resource.resource_type} has none that is called '{meter[:80]}'",
            hint=f"known: {', '.join(sorted(known)) or 'none'}",
        )


def author_of(caller: Caller) -> str:
    """Name and id of who says it."""
    return f"{caller.user_name} ({caller.user_id})" if caller.user_name else caller.user_id


def id_of(resource: Resource, said: object, seen_at: int) -> str:
    """A message id that is the same for the same content and time (or state of the ledger)."""
    content = msgspec.json.encode([resource, said, seen_at], order="sorted")
    return f"correction-{hashlib.sha256(content).hexdigest()}"


def seen_event(resource: Resource, message_id: str, at: Micros, said: Correction, seen: Seen | None) -> Event:
    """The event that tells what was seen of a resource at the instant `at`."""
    payload = payload_of(resource, said, seen)
    return Event(message_id, EVENT_TYPE, _PUBLISHER, at, resource.cloud, payload)


def _states_of(ctx: RequestContext, resource_type: str) -> set[str]:
    """In which resources of this type ever were."""
    of = Filter(resource_type=resource_type)
    return {str(state) for (state,), _ in repository.sums.durations(ctx.db, of, ["state"], 0, ctx.now)}


def _unknown(resource: Resource, clouds: Sequence[str]) -> NotFound:
    hint = _HOW_NEW
    if clouds and resource.cloud not in clouds:
        hint = f"it is known in: {', '.join(clouds)}"
    where = f" in cloud {resource.cloud}" if resource.cloud else ""
    return NotFound(f"the ledger doesn't know {resource.resource_type} {resource.resource_id}{where}", hint=hint)


def _key(given: str, resource: Resource, said: object, now: Micros) -> str:
    """The message id: `given`, or one that follows from the rest. Raises Invalid."""
    key = given or id_of(resource, said, now)
    if len(key) > MESSAGE_ID_LENGTH or not key.isprintable():
        raise Invalid(f"id: the id of a correction has 1 to {MESSAGE_ID_LENGTH} characters")
    return key


def _next(ctx: RequestContext, resource: Resource) -> Micros:
    """Now, or after the last correction of the resource: what is said later is to outrank what was said before. What
    is added to meters has no order."""
    said = [one for one in _corrections_of(ctx.db, resource) if not one.samples]
    return max([ctx.now, *(statement.at + 1 for statement in said)])


def _corrections_of(db: Connection, resource: Resource) -> list[Statement]:
    number = repository.resources.numbers(db, [resource]).get(resource)
    return [] if number is None else repository.corrections.of(db, [number])[number]


def _is_made(db: Connection, event: Event) -> bool:
    """Raises Conflict where another event has this id, Malformed where this one makes no sense."""
    fact = read(event)
    assert fact is not None, "the event is of this type"
    number = repository.events.number_of(db, event.cloud, event.message_id)
    if number is None:
        return False
    ((_, record),) = repository.events.numbered(db, [number])
    same = record.resource == fact.resource and record.fact == fact_of(fact.statement)
    if not same or (fact.statement.samples and record.at != event.at):
        raise Conflict(
            f"id: '{event.message_id}' is taken by something else that was told",
            hint="give another, or none",
        )
    return True


def _revoked_by(db: Connection, resource: Resource, said: Correction) -> Record | None:
    """The correction that `said` takes back. Raises NotFound where the resource has none of this id."""
    if not said.revokes:
        return None
    number = repository.events.number_of(db, resource.cloud, said.revokes) if said.revokes.isprintable() else None
    records = [] if number is None else repository.events.numbered(db, [number])
    for _, record in records:
        if record.resource == resource and "correction" in record.fact:
            return record
    raise NotFound(
        f"revokes: {resource.resource_type} {resource.resource_id} has no correction '{said.revokes[:128]}'",
        hint="see them with `stratiform usage corrections`",
    )


def _check_in_force(db: Connection, resource: Resource, said: Correction) -> None:
    """What is taken back counts until now. Raises Conflict."""
    back = taken_back(_corrections_of(db, resource)).get(said.revokes) if said.revokes else None
    if back is not None:
        raise Conflict(
            f"revokes: '{said.revokes}' was taken back already, by '{back}'",
            hint="to make it count again, take that one back",
        )


def _opposite(record: Record, said: Correction) -> Adjustment:
    """What takes the adjustment `record` back. Raises Invalid where more than that is said."""
    if structs.replace(said, attributes={}) != Correction(said.author, said.reason, revokes=said.revokes):
        raise Invalid("revokes: what takes an adjustment of a meter back says nothing else")
    adjusted = adjustment_of(record.statement)
    assert adjusted is not None, "only corrections that tell a sample are asked"
    return replace(adjusted, quantity=adjusted.quantity.copy_negate())


def _revoked(db: Connection, records: Sequence[Record]) -> dict[tuple[Resource, str], str]:
    """Corrections that are taken back, with the one in force that does so."""
    numbers = repository.resources.numbers(db, {record.resource for record in records})
    said = repository.corrections.of(db, sorted(numbers.values()))
    return {
        (resource, revoked): by
        for resource, number in numbers.items()
        for revoked, by in taken_back(said[number]).items()
    }
