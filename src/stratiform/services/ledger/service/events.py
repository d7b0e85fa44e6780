"""Events: the leaves of the log, with the statements that they make."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import EventRecord, Resource, Statement, UsageFilter
from stratiform.services.ledger.repository.event_histories import EventHistory
from stratiform.services.ledger.repository.exists_events import ExistsEvent


@dataclass(frozen=True, slots=True)
class Events:
    """Reads events."""

    def find_existing(self, db: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of `keys` (cloud, message id) that are in the ledger."""
        return repository.events.find_existing(db, keys)

    def find_number(self, db: Connection, cloud: str, message_id: str) -> int | None:
        """Return the number of an event in the log."""
        return repository.events.find_number(db, cloud, message_id)

    def list_message_events(self, db: Connection, cloud: str, message_id: str, limit: int) -> Sequence[tuple[str, int]]:
        """Return the events of a message with several statements: their ids `MESSAGE_ID#PART` and numbers."""
        return repository.events.list_message_events(db, cloud, message_id, limit)

    def list_records(self, db: Connection, numbers: Sequence[int]) -> Sequence[tuple[int, EventRecord]]:
        """Return the records with these numbers, sorted by number."""
        return repository.events.list_records(db, numbers)

    def iterate_records(self, db: Connection, first: int, end: int) -> Iterator[tuple[int, EventRecord]]:
        """Yield the records `[first, end)` with their numbers, in constant memory."""
        return repository.events.iterate_records(db, first, end)

    def list_statements(self, db: Connection, resource_ids: Sequence[int]) -> dict[int, list[Statement]]:
        """Return all statements about resources, by resource id."""
        return repository.events.list_statements(db, resource_ids)

    def iterate_exists(self, db: Connection, resource_ids: Sequence[int], since: Micros) -> Iterator[ExistsEvent]:
        """Yield the `.exists` events about resources from `since` on."""
        return repository.exists_events.iterate_exists_events(db, resource_ids, since)

    def list_exists_periods(self, db: Connection, since: Micros) -> set[tuple[str, str, Micros, Micros]]:
        """Return the audit periods of `.exists` events from `since` on: cloud, resource type, start, end."""
        return repository.exists_events.list_periods(db, since)

    def find_last_message_id(self, db: Connection, resource: Resource, at: Micros) -> str:
        """Return the id of the highest-ranking event about `resource` at the instant `at`; "" if there is none."""
        return repository.events.find_last_message_id(db, resource, at)

    def find_last_message_time(self, db: Connection, resource: Resource) -> Micros:
        """Return the time of the last event about `resource` that is not a correction; 0 if there is none."""
        return repository.events.find_last_message_time(db, resource)

    def list_used_ids(self, db: Connection, usage_filter: UsageFilter, position: int) -> Sequence[int]:
        """Return the ids of the resources with matching segments or samples, as of `position`."""
        return repository.event_histories.list_used_ids(db, usage_filter, position)

    def list_histories(
        self, db: Connection, resource_ids: Sequence[int], usage_filter: UsageFilter, position: int, size: int
    ) -> Sequence[EventHistory]:
        """Return all events and the matching segments of resources, as of `position` with `size` events in the log."""
        return repository.event_histories.list_by_ids(db, resource_ids, usage_filter, position, size)
