"""Queries on users, groups and memberships."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, CompoundSelect, delete, select

from stratiform.kit.database import Connection, upsert
from stratiform.kit.pagination import Slice
from stratiform.services.identity import tables as t
from stratiform.services.identity.model import Group, ListQuery, User
from stratiform.services.identity.repository.gateways import application_credentials, assignments, groups, users
from stratiform.services.identity.repository.records import list_records
from stratiform.services.identity.repository.sign_ins_and_passwords import delete_earlier_passwords, delete_failures
from stratiform.services.identity.repository.simple_resources import delete_owned_resources


def delete_user(db: Connection, user_id: str) -> None:
    """Delete a user, and all references to the user."""
    assignments.delete(db, t.assignments.c.actor_kind == "user", t.assignments.c.actor_id == user_id)
    application_credentials.delete(db, t.application_credentials.c.user_id == user_id)
    db.execute(delete(t.memberships).where(t.memberships.c.user_id == user_id))
    delete_earlier_passwords(db, user_id)
    delete_failures(db, user_id)
    delete_owned_resources(db, user_id)
    for table in (t.expiring_memberships, t.federated_users):
        db.execute(delete(table).where(table.c.user_id == user_id))
    db.execute(delete(t.directory_entries).where(t.directory_entries.c.id == user_id))
    users.delete(db, t.users.c.id == user_id)


def delete_group(db: Connection, group_id: str) -> None:
    """Delete a group, and all references to it."""
    assignments.delete(db, t.assignments.c.actor_kind == "group", t.assignments.c.actor_id == group_id)
    for table in (t.memberships, t.expiring_memberships):
        db.execute(delete(table).where(table.c.group_id == group_id))
    db.execute(delete(t.directory_entries).where(t.directory_entries.c.id == group_id))
    groups.delete(db, t.groups.c.id == group_id)


def create_membership(db: Connection, group_id: str, user_id: str) -> None:
    row = {"group_id": group_id, "user_id": user_id}
    upsert(db, t.memberships, row, key=("group_id", "user_id"), on_conflict={})


def delete_membership(db: Connection, group_id: str, user_id: str) -> bool:
    """Return False if the user is not a member of the group."""
    return db.execute(delete(t.memberships).where(_membership(group_id, user_id))).rowcount > 0


def is_member(db: Connection, group_id: str, user_id: str) -> bool:
    return db.execute(select(t.memberships.c.user_id).where(_membership(group_id, user_id))).first() is not None


def _membership(group_id: str, user_id: str) -> ColumnElement[bool]:
    return (t.memberships.c.group_id == group_id) & (t.memberships.c.user_id == user_id)


def list_group_users(db: Connection, group_id: str, query: ListQuery) -> Slice[User]:
    members = select(t.memberships.c.user_id).where(t.memberships.c.group_id == group_id)
    return list_records(db, users, query, t.users.c.id.in_(members))


def list_user_groups(db: Connection, user_id: str, query: ListQuery) -> Slice[Group]:
    return list_records(db, groups, query, t.groups.c.id.in_(select_group_ids(user_id)))


def list_members(db: Connection, group_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return the user ids of each group that has members."""
    columns = t.memberships.c
    members: dict[str, list[str]] = {}
    query = select(columns.group_id, columns.user_id).where(columns.group_id.in_(sorted(set(group_ids))))
    for group_id, user_id in db.execute(query.order_by(columns.user_id)):
        members.setdefault(group_id, []).append(user_id)
    return members


def select_group_ids(user_id: str) -> CompoundSelect[tuple[str]]:
    """Return the query for the ids of the groups of a user, also those of which the membership expires."""
    expiring = t.expiring_memberships.c
    return (
        select(t.memberships.c.group_id)
        .where(t.memberships.c.user_id == user_id)
        .union_all(select(expiring.group_id).where(expiring.user_id == user_id))
    )
