"""What clouds list, put into order on disk: an inventory comes in any order and may be larger than the memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import msgspec

from stratiform.contract.connector import CloudConnection
from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Micros
from stratiform.services.ledger.model import Resource

#: Item's keys in the order of `repository.audits.resources`.
_TABLE = "CREATE TABLE item (id TEXT, kind TEXT, cloud TEXT, body BLOB, PRIMARY KEY (id, kind, cloud)) WITHOUT ROWID"
_ALL = "SELECT cloud, kind, id, body FROM item ORDER BY id, kind, cloud"

#: A cloud that lists machines or disks at all lists those; every other type only where it shows one.
_ALWAYS = ("instance", "volume")

_item = msgspec.json.Decoder(InventoryItem)


@dataclass(frozen=True, slots=True)
class Asked:
    """A cloud that gave its inventory: when it was asked, how much it listed, and which types it would list."""

    at: Micros
    items: int
    kinds: frozenset[str]


class Inventories:
    """All that clouds listed, by resource."""

    def __init__(self) -> None:
        # "": a database of one's own in a temporary file. Threads take turns with it.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute(_TABLE)
        self.asked: dict[str, Asked] = {}

    def take(self, cloud: str, connected: CloudConnection, now: Micros) -> Iterator[int]:
        """Ask a cloud; how many things it has listed so far, now and then. Raises whatever the cloud answers; then
        nothing of it is kept."""
        assert connected.usage is not None, "only clouds that can tell are asked"
        kinds = {kind for kind, verbs in zip(_ALWAYS, (connected.compute, connected.volume), strict=True) if verbs}
        count = 0
        self._db.execute("BEGIN")
        try:
            for item in connected.usage.list_inventory():
                kinds |= {item.resource_type, *_ALWAYS}
                body = msgspec.json.encode(asdict(item))
                values = (item.id, item.resource_type, cloud, body)
                count += self._db.execute("INSERT OR IGNORE INTO item VALUES (?, ?, ?, ?)", values).rowcount
                if count % 1000 == 0:
                    yield count
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        self.asked[cloud] = Asked(now, count, frozenset(kinds))

    def items(self) -> Iterator[tuple[Resource, InventoryItem]]:
        """Everything, ordered by id, type and cloud."""
        for cloud, kind, resource_id, body in self._db.execute(_ALL):
            yield Resource(cloud, kind, resource_id), _item.decode(body)

    def close(self) -> None:
        self._db.close()


@contextmanager
def inventories() -> Iterator[Inventories]:
    """None are kept afterwards."""
    made = Inventories()
    try:
        yield made
    finally:
        made.close()
