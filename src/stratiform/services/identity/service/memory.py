"""What this process remembers of the directory, for as long as nothing in it changes."""

import threading
from dataclasses import dataclass, field
from typing import Any

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.db import Connection
from stratiform.kit.ids import Ids
from stratiform.services.identity import repository
from stratiform.services.identity.repository import Stamp

#: For so long another process's change may go unseen.
_TRUSTED_US = SECOND_US // 2

#: How long a change made here may take until its commit; till it is seen, the database is asked every time.
_COMMIT_WITHIN_US = 60 * SECOND_US

#: More entries than this are not worth their memory; they are forgotten together.
_MOST = 8192


@dataclass(frozen=True, slots=True)
class Kept:
    """What was learnt while the directory had this stamp."""

    stamp: Stamp
    entries: dict[str, Any] = field(default_factory=dict)

    def put(self, db: Connection, key: str, value: Any) -> None:
        """Keep what was just read, unless it was read from an older or a newer state than this."""
        if repository.stamp(db) != self.stamp:
            return
        if len(self.entries) >= _MOST:
            self.entries.clear()
        self.entries[key] = value


class Memory:
    """Facts about tokens, roles and the catalog, thrown away as soon as the directory's stamp is another.

    A stamp is never used twice, so what was learnt in a transaction that was rolled back is never taken for true.
    """

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._lock = threading.Lock()
        self._kept = Kept((0, ""))
        self._checked_at: Micros = -_TRUSTED_US
        self._pending: dict[int, Micros] = {}

    def current(self, db: Connection, now: Micros) -> Kept:
        """What may be trusted at `now`; costs one small query at most, and none right after another."""
        kept, checked_at = self._kept, self._checked_at
        writes = not db.info.get("reads_only")
        if not writes and not self._pending and 0 <= now - checked_at < _TRUSTED_US:
            return kept
        stamp = repository.stamp(db)
        if writes:  # the stamp may be this transaction's own and come to nothing
            return kept if stamp == kept.stamp else Kept(stamp)
        with self._lock:
            return self._adopt(stamp, now)

    def changed(self, db: Connection, now: Micros) -> None:
        """Give the directory a new stamp: a change that tokens may depend on is part of this transaction."""
        serial = repository.set_stamp(db, self._ids.hex())
        with self._lock:
            self._pending[serial] = now

    def _adopt(self, stamp: Stamp, now: Micros) -> Kept:
        """Go on to a later state; one who still looks at an earlier gets a memory of their own."""
        if stamp[0] < self._kept.stamp[0]:
            return Kept(stamp)
        if stamp != self._kept.stamp:
            self._kept = Kept(stamp)
        self._checked_at = now
        if self._pending:
            self._pending = {
                serial: at for serial, at in self._pending.items() if serial > stamp[0] and now - at < _COMMIT_WITHIN_US
            }
        return self._kept
