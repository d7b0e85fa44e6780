"""Queries on users of identity providers, and on their memberships, which expire."""

from collections.abc import Iterable

from sqlalchemy import delete, func, insert, select, update

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.identity import tables as t


def find_federated_user_id(db: Connection, idp_id: str, protocol_id: str, unique_id: str) -> str | None:
    c = t.federated_users.c
    query = select(c.user_id).where(c.idp_id == idp_id, c.protocol_id == protocol_id, c.unique_id == unique_id)
    return db.execute(query).scalar()


def create_federated_user(db: Connection, user_id: str, idp_id: str, protocol_id: str, unique_id: str) -> None:
    row = {"user_id": user_id, "idp_id": idp_id, "protocol_id": protocol_id, "unique_id": unique_id}
    db.execute(insert(t.federated_users).values(row))


def find_federation(db: Connection, user_id: str) -> tuple[str, str] | None:
    """Return the identity provider and the protocol of a user, or None for a user of this installation."""
    c = t.federated_users.c
    row = db.execute(select(c.idp_id, c.protocol_id).where(c.user_id == user_id)).first()
    return (row[0], row[1]) if row else None


def replace_expiring_memberships(
    db: Connection, user_id: str, idp_id: str, group_ids: Iterable[str], expires_at: Micros
) -> None:
    """Make a user a member of exactly these groups, beside groups of which the user is a permanent member."""
    delete_expiring_memberships(db, user_id)
    rows = [
        {"group_id": group_id, "user_id": user_id, "idp_id": idp_id, "expires_at": expires_at}
        for group_id in sorted(set(group_ids))
    ]
    if rows:
        db.execute(insert(t.expiring_memberships), rows)


def delete_expiring_memberships(db: Connection, user_id: str) -> None:
    db.execute(delete(t.expiring_memberships).where(t.expiring_memberships.c.user_id == user_id))


def find_membership_expiry(db: Connection, user_ids: Iterable[str]) -> Micros | None:
    """Return the time at which the first membership of one of the users expires."""
    c = t.expiring_memberships.c
    return db.execute(select(func.min(c.expires_at)).where(c.user_id.in_(sorted(set(user_ids))))).scalar()


def has_expired_memberships(db: Connection, now: Micros) -> bool:
    c = t.expiring_memberships.c
    return db.execute(select(c.user_id).where(c.expires_at <= now).limit(1)).first() is not None


def delete_expired_memberships(db: Connection, now: Micros) -> None:
    db.execute(delete(t.expiring_memberships).where(t.expiring_memberships.c.expires_at <= now))


def invalidate_provider_tokens(db: Connection, idp_id: str) -> None:
    """Invalidate the tokens of the users of an identity provider, and end their memberships."""
    user_ids = select(t.federated_users.c.user_id).where(t.federated_users.c.idp_id == idp_id)
    db.execute(update(t.users).where(t.users.c.id.in_(user_ids)).values(epoch=t.users.c.epoch + 1))
    db.execute(delete(t.expiring_memberships).where(t.expiring_memberships.c.idp_id == idp_id))


def delete_provider_users(db: Connection, idp_id: str) -> None:
    """Forget which users an identity provider had. The users stay, and cannot sign in."""
    db.execute(delete(t.federated_users).where(t.federated_users.c.idp_id == idp_id))
