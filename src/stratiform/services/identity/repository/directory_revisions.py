"""The revision of the directory, which grows with every change that valid tokens may depend on."""

from sqlalchemy import select

from stratiform.kit.database import Connection, upsert
from stratiform.services.identity import tables as t

#: Serial number and unique stamp of a state of the directory. Serial numbers increase.
Revision = tuple[int, str]


_DIRECTORY = "directory"


def get_directory_revision(db: Connection) -> Revision:
    """Return the current revision, or (0, "") before the first change."""
    row = db.execute(select(t.states.c.serial, t.states.c.stamp).where(t.states.c.name == _DIRECTORY)).first()
    return (int(row[0]), str(row[1])) if row else (0, "")


def create_directory_revision(db: Connection, stamp: str) -> int:
    """Create a revision with `stamp` and return its serial number. Blocks other writers until the transaction ends."""
    first = {"name": _DIRECTORY, "serial": 1, "stamp": stamp}
    upsert(db, t.states, first, key=("name",), on_conflict={"serial": t.states.c.serial + 1, "stamp": stamp})
    return get_directory_revision(db)[0]
