"""Queries on roles and the roles that they imply."""

from sqlalchemy import delete, select

from stratiform.kit.database import Connection, upsert
from stratiform.services.identity import tables as t
from stratiform.services.identity.model import Role
from stratiform.services.identity.repository.gateways import assignments, roles


def list_global_roles(db: Connection) -> list[Role]:
    return roles.list_all(db, t.roles.c.domain_id == "")


def delete_role(db: Connection, role_id: str) -> None:
    """Delete a role, and all references to it."""
    assignments.delete(db, t.assignments.c.role_id == role_id)
    rules = t.implied_roles
    db.execute(delete(rules).where((rules.c.prior_id == role_id) | (rules.c.implied_id == role_id)))
    roles.delete(db, t.roles.c.id == role_id)


def list_implied_roles(db: Connection) -> dict[str, frozenset[str]]:
    """Return the ids of the roles that each prior role implies directly."""
    implied: dict[str, set[str]] = {}
    for prior_id, implied_id in db.execute(select(t.implied_roles.c.prior_id, t.implied_roles.c.implied_id)):
        implied.setdefault(prior_id, set()).add(implied_id)
    return {prior_id: frozenset(ids) for prior_id, ids in implied.items()}


def create_implied_role(db: Connection, prior_id: str, implied_id: str) -> None:
    row = {"prior_id": prior_id, "implied_id": implied_id}
    upsert(db, t.implied_roles, row, key=("prior_id", "implied_id"), on_conflict={})


def delete_implied_role(db: Connection, prior_id: str, implied_id: str) -> bool:
    """Return False if the role is not implied."""
    rules = t.implied_roles
    return db.execute(delete(rules).where(rules.c.prior_id == prior_id, rules.c.implied_id == implied_id)).rowcount > 0
