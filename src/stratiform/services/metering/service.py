"""The verbs of metering."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from stratiform.kit.call import Call
from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection, Database
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page, Slice, cut
from stratiform.services.metering import repository
from stratiform.services.metering.errors import Malformed
from stratiform.services.metering.events import envelope_of, event_of, read, without_token
from stratiform.services.metering.model import (
    Fact,
    Filter,
    Ingested,
    Rejected,
    Resource,
    Segment,
    Stretch,
    fold,
    place_of,
)
from stratiform.services.metering.policy import policy
from stratiform.services.metering.repository.statements import chunks

logger = logging.getLogger(__name__)

#: So many resources are folded at once: their events are in memory together.
_FOLDED_AT_ONCE = 200
_REPLAYED_AT_ONCE = 500
_CLOUD_LENGTH = 64

EVERYTHING = Filter()


@dataclass(slots=True)
class _Batch:
    """Messages taken together, by what is to be done with them."""

    now: Micros
    facts: list[Fact] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    ignored: int = 0

    def take(self, cloud: str, reader: Callable[[], Fact | None], body: Callable[[], bytes]) -> None:
        """Whatever a message may be, the next one gets its turn."""
        try:
            fact = reader()
        except Malformed as error:
            self.put_aside(cloud, body(), error.message)
        except Exception as error:
            logger.exception("a message of cloud %s is not understood", cloud)
            self.put_aside(cloud, body(), f"not understood: {type(error).__name__}")
        else:
            if fact is None:
                self.ignored += 1
            else:
                self.facts.append(fact)

    def put_aside(self, cloud: str, body: bytes, reason: str) -> None:
        kept = without_token(body)
        self.rejected.append(Rejected(_digest(cloud, kept), cloud, reason, self.now, kept))


@dataclass(frozen=True, slots=True)
class MeteringService:
    """See the package's own page."""

    database: Database
    ids: Ids

    def ingest(self, db: Connection, events: Sequence[Event], now: Micros) -> Ingested:
        """Add `events` to the ledger and refold what they speak of. Any order, any repetition, any batches."""
        batch = _Batch(now)
        for event in events:
            batch.take(event.cloud, partial(read, event), partial(envelope_of, event))
        return self._store(db, batch)

    def ingest_messages(self, db: Connection, cloud: str, messages: Iterable[bytes], now: Micros) -> Ingested:
        """As `ingest`, from messages as they came: oslo.messaging envelopes, bare or in a recorder's line."""
        batch = _Batch(now)
        for message in messages:
            batch.take(cloud, partial(_read_message, message, cloud), partial(bytes, message))
        return self._store(db, batch)

    def post_messages(self, call: Call, cloud: str, messages: Iterable[bytes]) -> Ingested:
        """`ingest_messages`, for whoever is allowed to. Raises Forbidden, Invalid (no such name of a cloud)."""
        policy.require(call.caller, "usage:notifications:create", None)
        check_cloud(cloud)
        return self.ingest_messages(call.db, cloud, messages, call.now)

    def list_segments(self, call: Call, wanted: Filter, page: Page) -> Slice[Segment]:
        """One page, ordered by resource and start; `page.marker` is a cursor (`model.cursor_of`).

        Without a project: everyone's for the operator, else the caller's own. Raises NotFound for a stranger's.
        """
        sees_all = policy.rules["usage:segments:list_all"](call.caller, None)
        if wanted.project_id is None and not sees_all:
            wanted = replace(wanted, project_id=call.caller.project())
        if not sees_all:
            project_id = str(wanted.project_id)
            policy.require_seen(call.caller, "usage:segments:list", project_id, f"no project {project_id}")
        after = None if page.marker is None else place_of(page.marker)
        return cut(repository.segments.page(call.db, wanted, page.limit + 1, after), page)

    def segments(self, db: Connection, wanted: Filter = EVERYTHING) -> Iterator[Segment]:
        """All segments that `wanted` asks for, ordered by resource and start, in constant memory."""
        return repository.segments.all_of(db, wanted)

    def segments_between(
        self, db: Connection, start: Micros, end: Micros, project_id: str | None = None, as_of: int | None = None
    ) -> Iterator[Segment]:
        """All that touch `[start, end)`, not clipped, open ones included; as known at position `as_of`, or now."""
        return self.segments(db, Filter(project_id=project_id, since=start, until=end, as_of=as_of))

    def position(self, db: Connection) -> int:
        """Where the ledger stands: what is known now is what `as_of` this position will always give."""
        return repository.segments.position(db)

    def list_rejected(self, call: Call, page: Page) -> Slice[Rejected]:
        """Messages kept aside, by id."""
        policy.require(call.caller, "usage:rejected:list", None)
        return repository.rejected.page(call.db, page)

    def replay(self, call: Call) -> Ingested:
        """Read everything kept aside once more; what is understood now goes into the ledger and is kept no longer."""
        policy.require(call.caller, "usage:rejected:replay", None)
        done, after = Ingested(), ""
        while messages := repository.rejected.some(call.db, after, _REPLAYED_AT_ONCE):
            after = messages[-1].id
            done += self._replay(call, messages)
        return done

    def _replay(self, call: Call, messages: Sequence[Rejected]) -> Ingested:
        batch = _Batch(call.now)
        for kept in messages:
            batch.take(kept.cloud, partial(_read_message, kept.body, kept.cloud), partial(bytes, kept.body))
        still = {message.id for message in batch.rejected}
        repository.rejected.forget(call.db, [kept.id for kept in messages if kept.id not in still])
        for message in batch.rejected:
            repository.rejected.because(call.db, message)
        return self._store(call.db, batch)

    def _store(self, db: Connection, batch: _Batch) -> Ingested:
        facts = {(fact.resource.cloud, fact.statement.message_id): fact for fact in reversed(batch.facts)}
        new: set[tuple[str, str]] = set()
        if facts:
            repository.events.lock(db, {fact.resource for fact in facts.values()})
            new = repository.events.add(db, list(facts.values()), batch.now)
            self._refold(db, {facts[key].resource for key in new})
        repository.rejected.add(db, batch.rejected)
        return Ingested(
            accepted=len(new),
            repeated=len(batch.facts) - len(new),
            ignored=batch.ignored,
            rejected=len(batch.rejected),
        )

    def _refold(self, db: Connection, touched: Iterable[Resource]) -> None:
        kinds: dict[tuple[str, str], list[str]] = defaultdict(list)
        for resource in sorted(touched):
            kinds[resource.cloud, resource.resource_type].append(resource.resource_id)
        gone: list[int] = []
        new: list[tuple[Resource, Stretch]] = []
        for (cloud, resource_type), ids in kinds.items():
            for some in chunks(ids, _FOLDED_AT_ONCE):
                for resource, rows, stretches in self._differences(db, cloud, resource_type, some):
                    gone += rows
                    new += [(resource, stretch) for stretch in stretches]
        repository.segments.change(db, gone, new)

    def _differences(
        self, db: Connection, cloud: str, resource_type: str, ids: Sequence[str]
    ) -> Iterator[tuple[Resource, list[int], list[Stretch]]]:
        """For each resource: the rows of segments that hold no longer, and the segments that hold instead."""
        statements = repository.events.statements(db, cloud, resource_type, ids)
        names = repository.events.names(db, cloud, resource_type, ids)
        current = repository.segments.current(db, cloud, resource_type, ids)
        usages = {resource_id: fold(resource_type, statements[resource_id]) for resource_id in ids}
        renamed = [
            (Resource(cloud, resource_type, resource_id), usage.name)
            for resource_id, usage in usages.items()
            if usage.name != names[resource_id]
        ]
        repository.events.rename(db, renamed)
        for resource_id, usage in usages.items():
            held = current.get(resource_id, {})
            wanted = {stretch.start: stretch for stretch in usage.stretches}
            kept = {stretch.start for stretch in held.values() if wanted.get(stretch.start) == stretch}
            gone = [row for row, stretch in held.items() if stretch.start not in kept]
            new = [stretch for stretch in usage.stretches if stretch.start not in kept]
            yield Resource(cloud, resource_type, resource_id), gone, new


def check_cloud(cloud: str) -> None:
    """Raises Invalid where this can't be the name of a cloud."""
    if not cloud or len(cloud) > _CLOUD_LENGTH or not cloud.isprintable():
        raise Invalid(f"the name of a cloud has 1 to {_CLOUD_LENGTH} characters")


def _read_message(message: bytes, cloud: str) -> Fact | None:
    return read(event_of(message, cloud))


def _digest(cloud: str, body: bytes) -> str:
    return hashlib.sha256(cloud.encode() + b"\0" + body).hexdigest()
