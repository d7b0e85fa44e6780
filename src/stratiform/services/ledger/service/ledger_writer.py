"""Appending to the ledger. It has one writer at a time."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stratiform.kit import merkle_tree
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import ParsedMessage, encode_fact, encode_leaf
from stratiform.services.ledger.repository.batches import LedgerCounters
from stratiform.services.ledger.repository.events import NewEvent
from stratiform.services.ledger.service.batch_fold import BatchFold

#: hashlib releases Python's global lock (GIL) for more bytes.
_HASHED_AT_ONCE = 2047


@dataclass(frozen=True, slots=True)
class LedgerWriter:
    """Writes batches of messages."""

    def lock_ledger(self, db: Connection) -> LedgerCounters:
        """Become the only writer until the transaction ends; return the counters of the ledger."""
        return repository.batches.lock_ledger(db)

    def append_batch(
        self, db: Connection, counters: LedgerCounters, messages: Sequence[ParsedMessage], now: Micros
    ) -> None:
        """Write a batch: its messages, their events, the log, and the folds. `counters` is advanced."""
        counters.position += 1
        statements = [each for message in messages for each in message.statements]
        batch_fold = BatchFold(db, counters, statements)
        events, leaves = [], []
        for event, leaf in _list_events(batch_fold, counters, messages, now):
            events.append(event)
            leaves.append(leaf)
        batch_fold.run()
        repository.log_tiles.save(
            db, merkle_tree.append_leaves(repository.log_tiles.build_tile_reader(db), counters.events, leaves)
        )
        counters.events += len(events)
        repository.events.add(db, events)
        by_event = [(event, each.statement) for event, each in zip(events, statements, strict=True)]
        repository.samples.add(db, by_event)
        repository.corrections.add(db, by_event)
        repository.batches.add(db, counters, now, [(message.cloud, message.body) for message in messages])
        repository.batches.save_counters(db, counters)


def _hash(body: bytes) -> "hashlib._Hash":
    """Return the SHA-256 of a message, without releasing Python's lock, which takes longer to get back than hashing."""
    view = memoryview(body)
    digest = hashlib.sha256(view[:_HASHED_AT_ONCE])
    for start in range(_HASHED_AT_ONCE, len(body), _HASHED_AT_ONCE):
        digest.update(view[start : start + _HASHED_AT_ONCE])
    return digest


def _list_events(
    batch_fold: BatchFold, counters: LedgerCounters, messages: Sequence[ParsedMessage], now: Micros
) -> Iterator[tuple[NewEvent, bytes]]:
    """Yield the events of messages, each with its leaf of the log."""
    seq = counters.events
    for index, message in enumerate(messages):
        if not message.statements:
            continue
        digest = _hash(message.body)
        for parsed in message.statements:
            statement = parsed.statement
            resource_id, nth = batch_fold.next_event_number(parsed.resource)
            fact = encode_fact(statement)
            event = NewEvent(
                seq,
                resource_id,
                nth,
                parsed.resource.cloud,
                statement.message_id,
                statement.at,
                parsed.event_type,
                parsed.publisher_id,
                fact.decode(),
                digest.digest(),
                counters.position,
                index,
            )
            yield event, merkle_tree.compute_leaf_hash(encode_leaf(parsed, fact, nth, digest.hexdigest(), now))
            seq += 1
