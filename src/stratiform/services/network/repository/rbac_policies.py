"""RBAC policies: which objects of other projects a project may use."""

from sqlalchemy import ColumnElement, Select, select

from stratiform.kit.database import Connection
from stratiform.services.network.model.declared_types.sharing import EVERY_PROJECT
from stratiform.services.network.tables import ports_table, resource_tables

_table = resource_tables["rbac_policy"]


def select_shared_ids(project_id: str | None, *actions: str) -> Select[tuple[str]]:
    """Return a query for the ids of objects that are shared with a project."""
    c = _table.c
    return select(c.object_id).where(c.action.in_(actions), c.target_tenant.in_((project_id or "", EVERY_PROJECT)))


def is_shared(db: Connection, object_id: str, project_id: str | None, *actions: str) -> bool:
    query = select_shared_ids(project_id, *actions).where(_table.c.object_id == object_id)
    return db.execute(query.limit(1)).first() is not None


def is_shared_with_all(object_id: ColumnElement[str], action: str) -> ColumnElement[bool]:
    c = _table.c
    return object_id.in_(select(c.object_id).where(c.action == action, c.target_tenant == EVERY_PROJECT))


def delete_of_object(db: Connection, object_id: str) -> None:
    db.execute(_table.delete().where(_table.c.object_id == object_id))


def has_ports_of(db: Connection, network_id: str, owner: str, target: str) -> bool:
    """Return True if the target of a policy (any but the owner for all projects) has ports on a network."""
    c = ports_table.c
    of_target = c.project_id.not_in((owner, "")) if target == EVERY_PROJECT else c.project_id == target
    return db.execute(select(c.id).where(c.network_id == network_id, of_target).limit(1)).first() is not None
