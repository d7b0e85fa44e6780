"""Corrections by staff: events like all others, with an author and a reason."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from stratiform.kit.call import Call
from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page, Slice, cut
from stratiform.kit.policy import Caller
from stratiform.services.metering import repository
from stratiform.services.metering.events import corrections
from stratiform.services.metering.events.corrections import EVENT_TYPE, Seen, payload_of
from stratiform.services.metering.events.envelope import MESSAGE_ID_LENGTH
from stratiform.services.metering.model import (
    Correction,
    Filter,
    Record,
    Resource,
    Segment,
    Statement,
    fact_of,
    in_force,
)
from stratiform.services.metering.policy import policy
from stratiform.services.metering.service.reading import Reading
from stratiform.services.metering.service.taking import Taking, check_cloud

_PUBLISHER = "stratiform.usage"


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a correction did. `new` is False where it had been made before."""

    message_id: str
    new: bool
    before: list[Segment]
    after: list[Segment]


@dataclass(frozen=True, slots=True)
class Made:
    """A correction as it was made. `revoked_by`: the message id of the one that took it back, "" where none did."""

    number: int
    record: Record
    revoked_by: str


class Correcting(Taking, Reading):
    """Verbs on corrections."""

    __slots__ = ()

    def correct(self, call: Call, resource: Resource, said: Correction, *, message_id: str = "") -> Corrected:
        """Say `said` of `resource` against its messages; its author is the caller, whatever is told of one. The same
        `message_id` again changes nothing; without one it follows from what is said and the time.

        Without a cloud it is the one in which the resource is known. Raises Forbidden, Invalid, NotFound (no such
        correction to revoke), Conflict (this id said something else).
        """
        policy.require(call.caller, "usage:corrections:create", None)
        if not said.reason.strip():
            raise Invalid("a correction needs a reason")
        resource = self._where(call.db, resource)
        said = replace(said, author=author_of(call.caller))
        message_id = message_id or id_of(resource, said, call.now)
        if len(message_id) > MESSAGE_ID_LENGTH or not message_id.isprintable():
            raise Invalid(f"the id of a correction has 1 to {MESSAGE_ID_LENGTH} characters")
        repository.ledger.take(call.db)
        event = Event(message_id, EVENT_TYPE, _PUBLISHER, call.now, resource.cloud, payload_of(resource, said, None))
        fact = corrections.read(event)
        assert fact is not None, "the event is of this type"
        of = Filter(resource.cloud, resource.resource_type, resource.resource_id)
        before = list(self.segments(call.db, of))
        if _is_made(call.db, fact.resource, fact.statement):
            return Corrected(message_id, False, before, before)
        if said.revokes:
            _check_revoked(call.db, resource, said.revokes)
        known = repository.resources.numbers(call.db, [resource]).get(resource)
        is_told = known is not None and repository.resources.kept(call.db, [known])[known].progress.count > 0
        self.ingest(call.db, [replace(event, at=_next(call, known))], call.now)
        after = list(self.segments(call.db, of))
        if not is_told and not (after and all(segment.project_id for segment in after)):
            raise Invalid(
                f"the ledger doesn't know {resource.resource_type} {resource.resource_id}",
                hint="say when its use began (start) and whose it is (project_id)",
            )
        return Corrected(message_id, True, before, after)

    def list_corrections(self, call: Call, wanted: Filter, page: Page) -> Slice[Made]:
        """Corrections of a cloud, type and id, as far as `wanted` has them, the newest first; the marker is a number.
        Raises Forbidden, Invalid."""
        policy.require(call.caller, "usage:corrections:list", None)
        if page.marker is not None and not (page.marker.isascii() and page.marker.isdecimal()):
            raise Invalid("marker not understood", hint="use the 'next' of the page before")
        before = None if page.marker is None else int(page.marker)
        rows = repository.corrections.page(call.db, wanted, page.limit + 1, before)
        revoked = _revoked(call.db, [record for _, record in rows])
        made = [Made(number, record, revoked.get((record.resource, record.message_id), "")) for number, record in rows]
        return cut(made, page)

    def _where(self, db: Connection, resource: Resource) -> Resource:
        if resource.cloud:
            check_cloud(resource.cloud)
            return resource
        clouds = repository.corrections.clouds_of(db, resource.resource_type, resource.resource_id)
        if len(clouds) == 1:
            return resource._replace(cloud=clouds[0])
        known = f"it is known in: {', '.join(clouds)}" if clouds else "the ledger doesn't know it yet"
        raise Invalid(f"which cloud {resource.resource_type} {resource.resource_id} is in must be said", hint=known)


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


def _next(call: Call, resource: int | None) -> Micros:
    """Now, or after the last correction of the resource: what is said later is to outrank what was said before."""
    if resource is None:
        return call.now
    said = repository.corrections.of(call.db, [resource])[resource]
    return max([call.now, *(statement.at + 1 for statement in said)])


def _is_made(db: Connection, resource: Resource, statement: Statement) -> bool:
    """Raises Conflict where another event has this id."""
    number = repository.events.number_of(db, resource.cloud, statement.message_id)
    if number is None:
        return False
    ((_, record),) = repository.events.numbered(db, [number])
    if record.resource != resource or record.fact != fact_of(statement):
        raise Conflict(f"the id '{statement.message_id}' is taken by something else that was told")
    return True


def _check_revoked(db: Connection, resource: Resource, message_id: str) -> None:
    number = repository.events.number_of(db, resource.cloud, message_id)
    records = [] if number is None else repository.events.numbered(db, [number])
    if not any(record.resource == resource and "correction" in record.fact for _, record in records):
        raise NotFound(
            f"{resource.resource_type} {resource.resource_id} has no correction '{message_id}'",
            hint="see them with `stratiform usage corrections`",
        )


def _revoked(db: Connection, records: Sequence[Record]) -> dict[tuple[Resource, str], str]:
    """Corrections that are taken back, with the one in force that does so."""
    numbers = repository.resources.numbers(db, {record.resource for record in records})
    said = repository.corrections.of(db, sorted(numbers.values()))
    return {
        (resource, one.correction.revokes): one.message_id
        for resource, number in numbers.items()
        for one in in_force(said[number])
        if one.correction is not None and one.correction.revokes
    }
