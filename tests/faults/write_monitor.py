"""Watch a database for open write transactions, so that a fault can happen during one."""

import time
from contextlib import suppress

from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

_POLL_S = 0.002

#: A backend has a transaction id once it has written something.
_POSTGRESQL = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_xid IS NOT NULL"
)


class WriteMonitor:
    """Observe the transactions of the database at `url`."""

    def __init__(self, url: str) -> None:
        connect = {"timeout": 0} if url.startswith("sqlite") else {"connect_timeout": 2}
        self._engine = create_engine(url, poolclass=NullPool, connect_args=connect, isolation_level="AUTOCOMMIT")
        self._is_sqlite = url.startswith("sqlite")

    def wait_for_writer(self, seconds: float) -> bool:
        """Wait until a transaction writes. Return False if none does, or the database is not available."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(SQLAlchemyError), self._engine.connect() as db:
                while time.monotonic() < deadline:
                    if self._has_writer(db):
                        return True
                    time.sleep(_POLL_S)
            time.sleep(0.05)
        return False

    def _has_writer(self, db: Connection) -> bool:
        if not self._is_sqlite:
            return bool(db.exec_driver_sql(_POSTGRESQL).scalar())
        try:
            db.exec_driver_sql("BEGIN IMMEDIATE")
        except SQLAlchemyError:
            return True
        db.exec_driver_sql("ROLLBACK")
        return False
