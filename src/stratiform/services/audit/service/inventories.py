"""Inventories of clouds, sorted on disk: they arrive unsorted and may be larger than the memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import msgspec

from stratiform.contract.connector import CloudConnection
from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Micros
from stratiform.services.ledger.model import Resource

#: The primary key has the sort order of the resources of the ledger.
_TABLE = (
    "CREATE TABLE item (id TEXT, resource_type TEXT, cloud TEXT, body BLOB,"
    " PRIMARY KEY (id, resource_type, cloud)) WITHOUT ROWID"
)
_INSERT = "INSERT OR IGNORE INTO item VALUES (?, ?, ?, ?)"
_SELECT = "SELECT cloud, resource_type, id, body FROM item ORDER BY id, resource_type, cloud"

#: Items between two reports of progress.
_PROGRESS_EVERY = 1000

_decoder = msgspec.json.Decoder(InventoryItem)


@dataclass(frozen=True, slots=True)
class InventorySummary:
    """Time and number of items of an inventory, and the resource types for which it is complete."""

    at: Micros
    items: int
    resource_types: frozenset[str]


class InventoryStore:
    """The inventories of all clouds in a temporary database."""

    def __init__(self) -> None:
        # "": a temporary file. Several threads use the connection, one after the other.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute(_TABLE)
        self.summaries: dict[str, InventorySummary] = {}

    def load(self, cloud: str, connection: CloudConnection, now: Micros) -> Iterator[int]:
        """Load the inventory of a cloud; yield the number of items every now and then.

        An inventory that fails is not stored. Raises: errors of the connector.
        """
        assert connection.usage is not None, "the cloud has an inventory"
        resource_types = _listed_types(connection)
        count = 0
        self._db.execute("BEGIN")
        try:
            for item in connection.usage.list_inventory():
                resource_types |= {item.resource_type, "instance", "volume"}
                count += self._insert(cloud, item)
                if count % _PROGRESS_EVERY == 0:
                    yield count
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        self.summaries[cloud] = InventorySummary(now, count, frozenset(resource_types))

    def iterate_items(self) -> Iterator[tuple[Resource, InventoryItem]]:
        """Yield all items, sorted by id, type and cloud."""
        for cloud, resource_type, resource_id, body in self._db.execute(_SELECT):
            yield Resource(cloud, resource_type, resource_id), _decoder.decode(body)

    def close(self) -> None:
        """Delete the database."""
        self._db.close()

    def _insert(self, cloud: str, item: InventoryItem) -> int:
        """Insert an item; return 0 if it is a duplicate."""
        body = msgspec.json.encode(asdict(item))
        return self._db.execute(_INSERT, (item.id, item.resource_type, cloud, body)).rowcount


@contextmanager
def open_inventories() -> Iterator[InventoryStore]:
    """Provide inventories that are deleted afterwards."""
    inventories = InventoryStore()
    try:
        yield inventories
    finally:
        inventories.close()


def _listed_types(connection: CloudConnection) -> set[str]:
    """Return the types that a cloud lists even if it has none: they are absent if they are not listed.

    Every other type is listed only if the cloud has an item of it.
    """
    capabilities = {"instance": connection.compute, "volume": connection.volume}
    return {resource_type for resource_type, capability in capabilities.items() if capability is not None}
