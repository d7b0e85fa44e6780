"""Queries on users and groups of directories, which have a row like all others."""

from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from stratiform.kit.database import Connection, upsert
from stratiform.services.identity import tables as t


def find_local_id(db: Connection, public_id: str) -> str | None:
    """Return the id in its directory of a user or group, or None for one of the database."""
    return db.execute(select(t.directory_entries.c.local_id).where(t.directory_entries.c.id == public_id)).scalar()


def ensure_directory_entry(db: Connection, public_id: str, domain_id: str, kind: str, local_id: str) -> None:
    row = {"id": public_id, "domain_id": domain_id, "kind": kind, "local_id": local_id}
    upsert(db, t.directory_entries, row, key=("id",), on_conflict={})


def list_entry_ids(db: Connection, domain_id: str, kind: str) -> set[str]:
    c = t.directory_entries.c
    return set(db.execute(select(c.id).where(c.domain_id == domain_id, c.kind == kind)).scalars())


def replace_directory_memberships(db: Connection, user_id: str, domain_id: str, group_ids: Iterable[str]) -> bool:
    """Make a user a member of exactly these groups of the directory. Return False if nothing has changed."""
    c, expected = t.memberships.c, set(group_ids)
    entry = t.directory_entries.c
    of_directory = select(entry.id).where(entry.domain_id == domain_id, entry.kind == "group")
    current = set(db.execute(select(c.group_id).where(c.user_id == user_id, c.group_id.in_(of_directory))).scalars())
    if removed := sorted(current - expected):
        db.execute(delete(t.memberships).where(c.user_id == user_id, c.group_id.in_(removed)))
    if added := sorted(expected - current):
        db.execute(insert(t.memberships), [{"group_id": group_id, "user_id": user_id} for group_id in added])
    return bool(removed or added)
