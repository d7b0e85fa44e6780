"""Queries of security groups and their rules."""

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, upsert
from stratiform.kit.work_queue import enqueue
from stratiform.services.network.errors.security_groups import SecurityGroupInUse
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository.resource_rows import gateways
from stratiform.services.network.tables import port_security_groups_table

_groups = gateways["security_group"]
_rules = gateways["security_group_rule"]
_address_groups = gateways["address_group"]
_templates = gateways["default_security_group_rule"]
_statefulness = gateways["security_group_default_statefulness"]


def find_group(db: Connection, group_id: str) -> Resource | None:
    return _groups.find(db, group_id)


def lock_group(db: Connection, group_id: str) -> None:
    """Lock a group until the transaction ends."""
    _groups.lock(db, group_id)


def list_groups_by_id(db: Connection, group_ids: Sequence[str]) -> list[Resource]:
    return _groups.list_all(db, _groups.key.in_(group_ids))


def list_groups_by_name_or_id(db: Connection, project_id: str, name_or_id: str) -> list[Resource]:
    """Return the groups of a project with this id, or else with this name."""
    c = _groups.table.c
    by_id = _groups.list_all(db, c.project_id == project_id, c.id == name_or_id)
    return by_id or _groups.list_all(db, c.project_id == project_id, c.name == name_or_id)


def insert_if_missing(db: Connection, group: Resource) -> bool:
    """Insert a group unless it exists. Return True if it exists only since now."""
    upsert(db, _groups.table, _groups.to_columns(group), key=("id",), on_conflict={})
    c = _rules.table.c
    return _rules.find_first(db, c.security_group_id == group.id) is None


def insert_rule_if_missing(db: Connection, rule: Resource) -> None:
    upsert(db, _rules.table, _rules.to_columns(rule), key=("security_group_id", "fingerprint"), on_conflict={})


def find_rule(db: Connection, group_id: str, fingerprint: str) -> Resource | None:
    c = _rules.table.c
    return _rules.find_first(db, c.security_group_id == group_id, c.fingerprint == fingerprint)


def list_rules_by_group(db: Connection, group_ids: Sequence[str]) -> dict[str, list[Resource]]:
    """Return the rules of each group, oldest first."""
    c = _rules.table.c
    by_group: dict[str, list[Resource]] = {group_id: [] for group_id in group_ids}
    for rule in _rules.list_all(db, c.security_group_id.in_(group_ids), order=(c.created_at, c.id)):
        by_group[rule["security_group_id"]].append(rule)
    return by_group


def list_addresses_by_group(db: Connection, address_group_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the addresses of address groups."""
    groups = _address_groups.list_all(db, _address_groups.key.in_(address_group_ids)) if address_group_ids else []
    return {group.id: group["addresses"] for group in groups}


def list_groups_with_addresses(db: Connection, address_group_id: str) -> list[Resource]:
    """Return the groups with rules that refer to an address group."""
    rules = _rules.list_all(db, _rules.table.c.remote_address_group_id == address_group_id)
    return list_groups_by_id(db, sorted({rule["security_group_id"] for rule in rules}))


def list_templates(db: Connection, *, for_default_group: bool) -> list[Resource]:
    c = _templates.table.c
    used = c.used_in_default_sg if for_default_group else c.used_in_non_default_sg
    return _templates.list_all(db, used.is_(True), order=(c.created_at, c.id))


def insert_template_if_missing(db: Connection, template: Resource) -> None:
    upsert(db, _templates.table, _templates.to_columns(template), key=("fingerprint",), on_conflict={})


def find_default_statefulness(db: Connection, project_id: str) -> bool:
    """Return the project's default, or that of the installation (of no project), or True."""
    c = _statefulness.table.c
    found_rows = {row.project_id: row for row in _statefulness.list_all(db, c.project_id.in_((project_id, "")))}
    row = found_rows.get(project_id) or found_rows.get("")
    return True if row is None else bool(row["stateful"])


def increment_revision(db: Connection, group_id: str, now: Micros) -> None:
    """A change of a group's rules is a change of the group."""
    c = _groups.table.c
    db.execute(update(_groups.table).where(c.id == group_id).values(revision=c.revision + 1, updated_at=now))
    enqueue(db, "network.security_group", group_id, now)


def require_unused(db: Connection, group_id: str) -> None:
    """Raises SecurityGroupInUse if a port is in the group."""
    c = port_security_groups_table.c
    if db.execute(select(c.port_id).where(c.security_group_id == group_id).limit(1)).first() is not None:
        raise SecurityGroupInUse(group_id)


def save_groups_of_port(db: Connection, port_id: str, group_ids: Sequence[str]) -> None:
    """Replace the groups of a port."""
    db.execute(port_security_groups_table.delete().where(port_security_groups_table.c.port_id == port_id))
    if group_ids:
        rows = [{"port_id": port_id, "security_group_id": group_id} for group_id in sorted(group_ids)]
        db.execute(insert(port_security_groups_table), rows)
