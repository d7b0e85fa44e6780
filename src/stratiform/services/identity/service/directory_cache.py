"""In-process cache of validated tokens, roles and the catalog, valid for one revision of the directory."""

import threading
from dataclasses import dataclass, field
from typing import Any

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.services.identity import repository
from stratiform.services.identity.repository import Revision

#: Maximum delay before a change by another process is seen.
_REVALIDATE_AFTER_US = SECOND_US // 2

#: Maximum time from a change in this process to its commit. The revision is read from the database until then.
_COMMIT_WITHIN_US = 60 * SECOND_US

#: Number of entries at which the cache is cleared.
_MAX_ENTRIES = 8192


@dataclass(frozen=True, slots=True)
class RevisionCache:
    """Values computed from one revision of the directory."""

    revision: Revision
    entries: dict[str, Any] = field(default_factory=dict)

    def put(self, db: Connection, key: str, value: Any) -> None:
        """Store a value that was computed in this transaction, unless the transaction reads another revision."""
        if repository.get_directory_revision(db) != self.revision:
            return
        if len(self.entries) >= _MAX_ENTRIES:
            self.entries.clear()
        self.entries[key] = value


class DirectoryCache:
    """The cache of the current revision.

    The stamp of a revision is unique, so values from a transaction that is rolled back are never used.
    """

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._lock = threading.Lock()
        self._current = RevisionCache((0, ""))
        self._checked_at: Micros = -_REVALIDATE_AFTER_US
        self._pending: dict[int, Micros] = {}

    def get_current_cache(self, db: Connection, now: Micros) -> RevisionCache:
        """Return the cache to use at `now`; reads the revision unless it was read recently."""
        current, checked_at = self._current, self._checked_at
        writes = not db.info.get("read_only")
        if not writes and not self._pending and 0 <= now - checked_at < _REVALIDATE_AFTER_US:
            return current
        revision = repository.get_directory_revision(db)
        if writes:  # the revision may be created by this transaction and rolled back
            return current if revision == current.revision else RevisionCache(revision)
        with self._lock:
            return self._switch(revision, now)

    def find_current_cache(self, now: Micros) -> RevisionCache | None:
        """Return the cache to use at `now` without reading the database, or None if that is not possible."""
        is_recent = 0 <= now - self._checked_at < _REVALIDATE_AFTER_US
        return self._current if is_recent and not self._pending else None

    def invalidate(self, db: Connection, now: Micros) -> None:
        """Create a revision because this transaction changes something that valid tokens may depend on."""
        serial = repository.create_directory_revision(db, self._ids.hex())
        with self._lock:
            self._pending[serial] = now

    def _switch(self, revision: Revision, now: Micros) -> RevisionCache:
        """Make a newer revision current. A transaction that reads an older one gets a separate, empty cache."""
        if revision[0] < self._current.revision[0]:
            return RevisionCache(revision)
        if revision != self._current.revision:
            self._current = RevisionCache(revision)
        self._checked_at = now
        if self._pending:
            self._pending = {
                serial: changed_at
                for serial, changed_at in self._pending.items()
                if serial > revision[0] and now - changed_at < _COMMIT_WITHIN_US
            }
        return self._current
