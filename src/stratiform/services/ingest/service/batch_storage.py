"""Storing of parsed batches."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ingest import repository
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.service.parsed_batches import ParsedBatch
from stratiform.services.ledger.model import ParsedMessage, Resource
from stratiform.services.ledger.model.name_timelines import StatedName
from stratiform.services.ledger.service import LedgerService


def store_batch(db: Connection, ledger: LedgerService, batch: ParsedBatch, now: Micros) -> IngestResult:
    """Append what is new in `batch` to the ledger, and store its ignored and rejected messages."""
    new: Sequence[ParsedMessage] = []
    if batch.messages:
        counters = ledger.writer.lock_ledger(db)
        new = _without_duplicates(db, ledger, batch.messages)
        names = ledger.name_timelines.select_new(db, _list_names(batch.messages))
        received_at = max(now, counters.received_at)  # time has passed while this writer waited for the lock
        if new or names:
            ledger.writer.append_batch(db, counters, new, received_at)
            ledger.name_timelines.add(db, names, counters.position)
            ignored = [
                (message.cloud, message.message_id, message.event_type, message.at)
                for message in new
                if not message.statements
            ]
            repository.ignored_messages.add(db, ignored, received_at, counters.position)
    repository.rejected_messages.add(db, batch.list_rejected(now))
    ingested = sum(len(message.statements) for message in new)
    return IngestResult(
        ingested=ingested,
        duplicates=sum(len(message.statements) for message in batch.messages) - ingested,
        ignored=sum(not message.statements for message in batch.messages),
        rejected=len(batch.rejected),
    )


def store_names(db: Connection, ledger: LedgerService, names: Sequence[StatedName], now: Micros) -> None:
    """Store names that are new, as a batch without messages."""
    counters = ledger.writer.lock_ledger(db)
    new = ledger.name_timelines.select_new(db, names)
    if new:
        ledger.writer.append_batch(db, counters, (), max(now, counters.received_at))
        ledger.name_timelines.add(db, new, counters.position)


def _list_names(messages: Sequence[ParsedMessage]) -> list[StatedName]:
    """Return the names that messages state besides: of each resource those that differ from the earlier one."""
    by_resource: dict[Resource, list[StatedName]] = defaultdict(list)
    for message in messages:
        for stated in message.names:
            by_resource[stated.resource].append(stated)
    names: list[StatedName] = []
    for of_resource in by_resource.values():
        if len({stated.name for stated in of_resource}) == 1:
            names.append(min(of_resource))  # the usual case: all messages of a project have the same name
        else:
            names += (next(group) for _, group in groupby(sorted(of_resource), key=lambda stated: stated.name))
    return names


def _without_duplicates(
    db: Connection, ledger: LedgerService, messages: Sequence[ParsedMessage]
) -> Sequence[ParsedMessage]:
    """Return the messages and statements that are new; of two with the same id the first one counts.

    A message that was ignored before its meter existed, and arrives again, is new.
    """
    keys = [(message.cloud, parsed.statement.message_id) for message in messages for parsed in message.statements]
    keys += [(message.cloud, message.message_id) for message in messages if not message.statements]
    distinct = set(keys)
    seen = ledger.events.find_existing(db, distinct)
    ignored = repository.ignored_messages.find_existing(
        db, {(message.cloud, message.message_id) for message in messages}
    )
    if not seen and not ignored and len(distinct) == len(keys):
        return messages
    if ignored:
        metered = {(message.cloud, message.message_id) for message in messages if message.statements} & ignored
        repository.ignored_messages.delete(db, sorted(metered))
        seen |= ignored - metered
    remaining = []
    for message in messages:
        ids = _ids(message)
        new = {key for key in ids if (message.cloud, key) not in seen}
        seen.update((message.cloud, key) for key in new)
        if len(new) == len(ids):
            remaining.append(message)
        elif new:
            statements = [parsed for parsed in message.statements if parsed.statement.message_id in new]
            remaining.append(message._replace(statements=statements))
    return remaining


def _ids(message: ParsedMessage) -> list[str]:
    """Return the ids of the statements; an ignored message has its own id only."""
    return [parsed.statement.message_id for parsed in message.statements] or [message.message_id]
