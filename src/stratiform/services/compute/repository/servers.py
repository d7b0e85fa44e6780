"""Queries on servers and on what was asked of them."""

import re
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Text, and_, false, func, or_, select, type_coerce, update

from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection, Rows
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page, Slice, page_of
from stratiform.kit.work import work_table
from stratiform.services.compute.model.server import (
    ACTIVE,
    ERROR,
    RESIZED,
    STOPPED,
    TASKS_SHOWN,
    TASKS_SHOWN_IN_ERROR,
    Action,
    Server,
    ServerFilter,
    Used,
)
from stratiform.services.compute.tables import action_table, server_table

servers = Rows(server_table, Server)
actions = Rows(action_table, Action)

#: Nova's sort keys, and what they are called here.
SORT = {
    "created_at": "created_at",
    "updated_at": "updated_at",
    "display_name": "name",
    "display_description": "description",
    "uuid": "id",
    "vm_state": "vm_state",
    "task_state": "task_state",
    "power_state": "power_state",
    "image_ref": "image_id",
    "instance_type_id": "flavor_id",
    "hostname": "hostname",
    "host": "cloud_name",
    "availability_zone": "zone",
    "launched_at": "launched_at",
    "terminated_at": "terminated_at",
    "launch_index": "launch_index",
    "project_id": "project_id",
    "user_id": "user_id",
    "key_name": "key_name",
    "config_drive": "config_drive",
    "locked": "locked",
    "access_ip_v4": "access_ip_v4",
    "access_ip_v6": "access_ip_v6",
    "auto_disk_config": "disk_config",
}


def server(db: Connection, server_id: str) -> Server | None:
    """Also a deleted one."""
    return servers.get(db, server_id)


def locked(db: Connection, server_id: str) -> Server | None:
    """The row, held until the transaction ends, so that two changes of it come one after the other."""
    c = server_table.c
    row = db.execute(select(*servers.columns).where(c.id == server_id).with_for_update()).first()
    return None if row is None else Server(*row)


def save(db: Connection, changed: Server) -> Server:
    return servers.save(db, changed)


def insert_many(db: Connection, made: list[Server]) -> None:
    servers.insert_many(db, made)


def in_cloud(db: Connection, cloud_id: str) -> list[Server]:
    """Every server of a cloud that isn't deleted."""
    c = server_table.c
    return servers.all(db, c.cloud_id == cloud_id, c.deleted_at.is_(None))


def known(db: Connection, ids: list[str]) -> dict[str, Micros | None]:
    """When each of these servers was deleted (None: it wasn't); ids that never were a server are left out."""
    c = server_table.c
    found: dict[str, Micros | None] = {}
    for start in range(0, len(ids), 500):
        rows = db.execute(select(c.id, c.deleted_at).where(c.id.in_(ids[start : start + 500])))
        found.update({row.id: row.deleted_at for row in rows})
    return found


def used(db: Connection, project_id: str) -> Used:
    """Summed here and not in SQL: the size is a document, and a project's servers are few."""
    c = server_table.c
    mine = select(c.flavor).where(c.project_id == project_id, c.deleted_at.is_(None))
    flavors = [row.flavor for row in db.execute(mine)]
    return Used(len(flavors), sum(f["vcpus"] for f in flavors), sum(f["ram"] for f in flavors))


def list_servers(db: Connection, wanted: ServerFilter, page: Page) -> Slice[Server]:
    """One page, sorted as asked for and then by id. Raises Invalid where the marker is unknown."""
    where = conditions(wanted)
    keys = [(_sortable(SORT[key]), direction) for key, direction in wanted.sort]
    keys.append((server_table.c.id, wanted.sort[-1][1] if wanted.sort else "desc"))
    if page.marker is not None:
        where.append(_after(db, page.marker, keys))
    order = [column.desc() if direction == "desc" else column.asc() for column, direction in keys]
    return page_of(servers.all(db, *where, order=order, limit=page.limit + 1), page)


def ids(db: Connection, wanted: ServerFilter) -> list[str]:
    """Which servers pass, all of them."""
    return list(db.execute(select(server_table.c.id).where(*conditions(wanted))).scalars())


def _sortable(name: str) -> ColumnElement[Any]:
    """Nothing sorts before something, on every database alike."""
    column = server_table.c[name]
    if not column.nullable:
        return column
    return func.coalesce(column, 0 if isinstance(column.type, BigInteger) else "")


def conditions(wanted: ServerFilter) -> list[ColumnElement[bool]]:
    c = server_table.c
    where = _seen(wanted)
    if not wanted.all_projects:
        where.append(c.project_id == wanted.project_id)
    if wanted.name is not None:
        where.append(c.name.regexp_match(wanted.name))
    if wanted.states is not None:
        where.append(or_(false(), *(_shows(states, tasks) for states, tasks in wanted.states)))
    if wanted.ids is not None:
        where.append(c.id.in_(wanted.ids))
    if wanted.flavor_id is not None:
        where.append(c.flavor_id == wanted.flavor_id)
    if wanted.image_id is not None:
        where.append(c.image_id == wanted.image_id)
    where += [c[name] == value for name, value in wanted.equals.items()]
    return where + _tagged(wanted)


def _seen(wanted: ServerFilter) -> list[ColumnElement[bool]]:
    """`changes-since` shows deleted servers too, as Nova does."""
    c = server_table.c
    where: list[ColumnElement[bool]] = []
    if wanted.changes_since is not None:
        where.append(c.updated_at >= wanted.changes_since)
    if wanted.changes_before is not None:
        where.append(c.updated_at <= wanted.changes_before)
    if wanted.deleted:
        where.append(c.deleted_at.is_not(None))
    elif wanted.changes_since is None and wanted.changes_before is None:
        where.append(c.deleted_at.is_(None))
    return where


def _shows(states: frozenset[str], tasks: frozenset[str]) -> ColumnElement[bool]:
    """`Server.status` as a condition."""
    c = server_table.c
    in_error = (c.vm_state == ERROR) & c.task_state.in_(TASKS_SHOWN_IN_ERROR)
    by_task = c.task_state.in_(TASKS_SHOWN) & (c.vm_state.in_((ACTIVE, STOPPED, RESIZED)) | in_error)
    return (by_task & c.task_state.in_(tasks)) | (~by_task & c.vm_state.in_(states))


def _tagged(wanted: ServerFilter) -> list[ColumnElement[bool]]:
    document = type_coerce(server_table.c.tags, Text)

    def has(tag: str) -> ColumnElement[bool]:
        # Not LIKE: on SQLite that does not tell "A" from "a".
        return document.regexp_match(re.escape(msgspec.json.encode(tag).decode()))

    where: list[ColumnElement[bool]] = [has(tag) for tag in wanted.tags]
    if wanted.tags_any:
        where.append(or_(*(has(tag) for tag in wanted.tags_any)))
    if wanted.not_tags:
        where.append(~and_(*(has(tag) for tag in wanted.not_tags)))
    where += [~has(tag) for tag in wanted.not_tags_any]
    return where


def _after(db: Connection, marker: str, keys: list[tuple[Any, str]]) -> ColumnElement[bool]:
    row = db.execute(select(*(column for column, _ in keys)).where(server_table.c.id == marker)).first()
    if row is None:
        raise Invalid(f"marker [{marker}] not found")
    branches: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for (column, direction), value in zip(keys, row, strict=True):
        branches.append(and_(*equal, column < value if direction == "desc" else column > value))
        equal.append(column == value)
    return or_(*branches)


def add_actions(db: Connection, started: list[Action]) -> None:
    actions.insert_many(db, started)


def finish_actions(db: Connection, server_id: str, at: Micros, message: str | None) -> None:
    """Whatever was under way on this server is over."""
    c = action_table.c
    open_ones = (c.server_id == server_id) & c.finished_at.is_(None)
    db.execute(update(action_table).where(open_ones).values(finished_at=at, message=message))


def list_actions(db: Connection, server_id: str, limit: int | None = None) -> list[Action]:
    """Newest first."""
    c = action_table.c
    return actions.all(db, c.server_id == server_id, order=[c.started_at.desc(), c.id.desc()], limit=limit)


def action(db: Connection, server_id: str, request_id: str) -> Action | None:
    return actions.first(db, action_table.c.server_id == server_id, action_table.c.request_id == request_id)


def overdue(db: Connection, before: Micros) -> bool:
    """Whether work on servers has waited since `before` without anybody taking it."""
    c = work_table.c
    waiting = select(c.key).where(c.kind == "compute.server", c.due_at < before, c.leased_until < before)
    return db.execute(waiting.limit(1)).first() is not None
