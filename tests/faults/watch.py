"""Looks on while a ledger is written, so that a fault can come in the middle of a transaction."""

import time
from contextlib import suppress

from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

_LOOK_S = 0.002

#: Who has the number of a transaction has written something in it.
_POSTGRESQL = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_xid IS NOT NULL"
)


class Watch:
    """Sees whether somebody writes into the database at `url` at this instant."""

    def __init__(self, url: str) -> None:
        connect = {"timeout": 0} if url.startswith("sqlite") else {"connect_timeout": 2}
        self._engine = create_engine(url, poolclass=NullPool, connect_args=connect, isolation_level="AUTOCOMMIT")
        self._sqlite = url.startswith("sqlite")

    def sees_writer(self, seconds: float) -> bool:
        """Look for so long at most; whether there was one. There is none where the database doesn't answer."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(SQLAlchemyError), self._engine.connect() as db:
                while time.monotonic() < until:
                    if self._busy(db):
                        return True
                    time.sleep(_LOOK_S)
            time.sleep(0.05)
        return False

    def _busy(self, db: Connection) -> bool:
        if not self._sqlite:
            return bool(db.exec_driver_sql(_POSTGRESQL).scalar())
        try:
            db.exec_driver_sql("BEGIN IMMEDIATE")
        except SQLAlchemyError:
            return True
        db.exec_driver_sql("ROLLBACK")
        return False
