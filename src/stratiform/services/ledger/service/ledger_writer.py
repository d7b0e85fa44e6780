"""Appending to the ledger. It has one writer at a time."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit import merkle_tree
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import EventRecord, ParsedMessage, ResourceStatement, statement_to_dict
from stratiform.services.ledger.repository.batches import LedgerCounters
from stratiform.services.ledger.repository.events import NewEvent
from stratiform.services.ledger.service.batch_fold import BatchFold


@dataclass(frozen=True, slots=True)
class LedgerWriter:
    """Writes batches of messages."""

    def lock(self, db: Connection) -> LedgerCounters:
        """Become the only writer until the transaction ends; return the counters of the ledger."""
        return repository.batches.lock_ledger(db)

    def append_batch(
        self, db: Connection, counters: LedgerCounters, messages: Sequence[ParsedMessage], now: Micros
    ) -> None:
        """Write a batch: its messages, their events, the log, and the folds. `counters` is advanced."""
        counters.position += 1
        batch_fold = BatchFold(db, counters, [each for message in messages for each in message.statements])
        rows: list[NewEvent] = []
        for index, message in enumerate(messages):
            digest = hashlib.sha256(message.body).hexdigest() if message.statements else ""
            for statement in message.statements:
                resource_id, nth = batch_fold.next_event_number(statement.resource)
                record = _record(statement, digest, nth, now)
                seq = counters.events + len(rows)
                rows.append(NewEvent(seq, resource_id, record, counters.position, index, statement.publisher_id))
        batch_fold.run()
        leaves = [merkle_tree.compute_leaf_hash(row.record.encode()) for row in rows]
        repository.log_tiles.save(
            db, merkle_tree.append_leaves(repository.log_tiles.build_tile_reader(db), counters.events, leaves)
        )
        counters.events += len(rows)
        repository.events.add(db, rows)
        repository.samples.add(db, rows)
        repository.corrections.add(db, rows)
        repository.batches.add(db, counters, now, [(message.cloud, message.body) for message in messages])
        repository.batches.save_counters(db, counters)


def _record(statement: ResourceStatement, digest: str, nth: int, now: Micros) -> EventRecord:
    return EventRecord(
        at=statement.statement.at,
        cloud=statement.resource.cloud,
        event_type=statement.event_type,
        fact=statement_to_dict(statement.statement),
        message_id=statement.statement.message_id,
        nth=nth,
        raw_sha256=digest,
        received_at=now,
        resource_id=statement.resource.resource_id,
        resource_type=statement.resource.resource_type,
    )
