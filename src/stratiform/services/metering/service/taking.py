"""Taking messages into the ledger."""

import hashlib
from collections.abc import Iterable, Sequence

from stratiform.kit import merkle
from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page, Slice
from stratiform.services.metering import repository
from stratiform.services.metering.events import without_token
from stratiform.services.metering.model import Fact, Ingested, Record, Rejected, fact_of
from stratiform.services.metering.policy import policy
from stratiform.services.metering.repository.events import Added
from stratiform.services.metering.repository.ledger import Numbers
from stratiform.services.metering.service.batches import Batch, Taken, rejected
from stratiform.services.metering.service.folding import Folding
from stratiform.services.metering.service.knowing import Knowing

_REPLAYED_AT_ONCE = 500
_CLOUD_LENGTH = 64


class Taking(Knowing):
    """Verbs that add to the ledger."""

    __slots__ = ()

    def ingest(self, db: Connection, events: Sequence[Event], now: Micros) -> Ingested:
        """Add `events` to the ledger and refold what they speak of. Any order, any repetition, any batches."""
        batch = Batch(self.reader)
        for event in events:
            batch.take_event(event)
        return self.store(db, batch, now)

    def ingest_messages(self, db: Connection, cloud: str, messages: Iterable[bytes], now: Micros) -> Ingested:
        """As `ingest`, from messages as they came: oslo.messaging envelopes, bare or in a recorder's line."""
        return self.store(db, self.read_messages(cloud, messages), now)

    def read_messages(self, cloud: str, messages: Iterable[bytes]) -> Batch:
        """The first half of `ingest_messages`: asks no database, so it can go on while another batch is stored."""
        batch = Batch(self.reader)
        for message in messages:
            batch.take_message(cloud, bytes(message))
        return batch

    def store(self, db: Connection, batch: Batch, now: Micros) -> Ingested:
        """The second half: all that `batch` has, in one transaction, as the ledger's only writer."""
        new: list[Taken] = []
        if batch.heard:
            numbers = repository.ledger.take(db)
            new = _without_known(db, batch.heard)
            _add(db, numbers, max(now, numbers.received_at), new)  # whoever waited for the lock comes later
        repository.rejected.add(db, batch.put_aside(now))
        accepted = sum(len(one.facts) for one in new)
        return Ingested(
            accepted=accepted,
            repeated=sum(len(one.facts) for one in batch.heard) - accepted,
            ignored=sum(not one.facts for one in batch.heard),
            rejected=len(batch.rejected),
        )

    def post_messages(self, ctx: RequestContext, cloud: str, messages: Iterable[bytes]) -> Ingested:
        """`ingest_messages`, for whoever is allowed to. Raises Forbidden, Invalid (no such name of a cloud)."""
        policy.require(ctx.caller, "usage:notifications:create", None)
        check_cloud(cloud)
        return self.ingest_messages(ctx.db, cloud, messages, ctx.now)

    def post_events(self, ctx: RequestContext, events: Sequence[Event]) -> Ingested:
        """`ingest`, for whoever is allowed to. Raises Forbidden, Invalid (no such name of a cloud)."""
        policy.require(ctx.caller, "usage:events:create", None)
        for cloud in {event.cloud for event in events}:
            check_cloud(cloud)
        return self.ingest(ctx.db, events, ctx.now)

    def put_aside(self, db: Connection, cloud: str, message: bytes, reason: str, now: Micros) -> Ingested:
        """Keep a message that can't be stored, so that `replay` reads it again."""
        repository.rejected.add(db, [rejected(cloud, without_token(message), reason, now)])
        return Ingested(rejected=1)

    def list_rejected(self, ctx: RequestContext, page: Page) -> Slice[Rejected]:
        """Messages kept aside, by id."""
        policy.require(ctx.caller, "usage:rejected:list", None)
        return repository.rejected.page(ctx.db, page)

    def replay(self, ctx: RequestContext) -> Ingested:
        """Read everything kept aside once more; what is understood now goes into the ledger and is kept no longer."""
        policy.require(ctx.caller, "usage:rejected:replay", None)
        done, after = Ingested(), ""
        while messages := repository.rejected.some(ctx.db, after, _REPLAYED_AT_ONCE):
            after = messages[-1].id
            done += self._replay(ctx, messages)
        return done

    def _replay(self, ctx: RequestContext, messages: Sequence[Rejected]) -> Ingested:
        batch = Batch(self.reader)
        for kept in messages:
            batch.take_message(kept.cloud, kept.body)
        still = batch.put_aside(ctx.now)
        gone = {kept.id for kept in messages} - {message.id for message in still}
        repository.rejected.forget(ctx.db, sorted(gone))
        for message in still:
            repository.rejected.because(ctx.db, message)
        return self.store(ctx.db, batch, ctx.now)

    def replay_unknown(self, ctx: RequestContext, after: int = 0) -> tuple[Ingested, int | None]:
        """Read the next batch of messages that are still kept once more, after that with the number `after`: what is
        metered by now goes into the ledger, and what is there already changes nothing. Answers what became of it, and
        the batch's number; None where there is no more."""
        policy.require(ctx.caller, "usage:unknown:replay", None)
        kept = repository.ledger.batch_after(ctx.db, after)
        if kept is None:
            return Ingested(), None
        number, messages = kept
        batch = Batch(self.reader)
        for cloud, body in messages:
            batch.take_message(cloud, body)
        batch.heard = [one for one in batch.heard if one.facts]
        batch.rejected.clear()
        repository.unknown.forget(ctx.db, [(one.cloud, one.message_id) for one in batch.heard])
        return self.store(ctx.db, batch, ctx.now), number


def check_cloud(cloud: str) -> None:
    """Raises Invalid where this can't be the name of a cloud."""
    if not cloud or len(cloud) > _CLOUD_LENGTH or not cloud.isprintable():
        raise Invalid(f"the name of a cloud has 1 to {_CLOUD_LENGTH} characters")


def _without_known(db: Connection, heard: Sequence[Taken]) -> list[Taken]:
    """Without what is there already; of two that bear the same message id the first one counts. What came before its
    meter was there, and comes again, is metered now."""
    seen = repository.events.known(db, {(one.cloud, key) for one in heard for key in _message_ids(one)})
    unknown = repository.unknown.known(db, {(one.cloud, one.message_id) for one in heard})
    if unknown:
        metered = {(one.cloud, one.message_id) for one in heard if one.facts} & unknown
        repository.unknown.forget(db, sorted(metered))
        seen |= unknown - metered
    left = []
    for one in heard:
        ids = _message_ids(one)
        new = {key for key in ids if (one.cloud, key) not in seen}
        seen.update((one.cloud, key) for key in new)
        if len(new) == len(ids):
            left.append(one)
        elif new:
            left.append(one._replace(facts=[fact for fact in one.facts if fact.statement.message_id in new]))
    return left


def _message_ids(heard: Taken) -> list[str]:
    """Those of its facts; a message with none has its own."""
    return [fact.statement.message_id for fact in heard.facts] or [heard.message_id]


def _add(db: Connection, numbers: Numbers, now: Micros, heard: Sequence[Taken]) -> None:
    """Batch, events, log, folds. `numbers` moves on."""
    if not heard:
        return
    numbers.position += 1
    folding = Folding(db, numbers, [fact for one in heard for fact in one.facts])
    rows: list[Added] = []
    for place, one in enumerate(heard):
        digest = hashlib.sha256(one.body).hexdigest() if one.facts else ""
        for fact in one.facts:
            resource, nth = folding.counted(fact.resource)
            record = _record(fact, digest, nth, now)
            seq = numbers.events + len(rows)
            rows.append(Added(seq, resource, record, numbers.position, place, fact.publisher_id))
    folding.fold()
    leaves = [merkle.leaf_hash(row.record.encoded()) for row in rows]
    repository.tiles.write(db, merkle.append(repository.tiles.reader(db), numbers.events, leaves))
    numbers.events += len(rows)
    repository.events.add(db, rows)
    repository.samples.add(db, rows)
    repository.corrections.add(db, rows)
    unknown = [(one.cloud, one.message_id, one.event_type) for one in heard if not one.facts]
    repository.unknown.add(db, unknown, now, numbers.position)
    repository.ledger.add_batch(db, numbers, now, [(one.cloud, one.body) for one in heard])
    repository.ledger.move(db, numbers)


def _record(fact: Fact, digest: str, nth: int, now: Micros) -> Record:
    statement = fact.statement
    return Record(
        at=statement.at,
        cloud=fact.resource.cloud,
        event_type=fact.event_type,
        fact=fact_of(statement),
        message_id=statement.message_id,
        nth=nth,
        raw_sha256=digest,
        received_at=now,
        resource_id=fact.resource.resource_id,
        resource_type=fact.resource.resource_type,
    )
