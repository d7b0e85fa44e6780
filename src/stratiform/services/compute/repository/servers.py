"""Queries on servers."""

import re
from collections.abc import Sequence

import msgspec
from sqlalchemy import BigInteger, Column, ColumnElement, Text, and_, false, func, or_, select, type_coerce

from stratiform.kit.bulk_queries import split_into_chunks
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page, Slice, build_slice
from stratiform.kit.shared_records import SharedRecords
from stratiform.kit.work_queue import work_table
from stratiform.services.compute.model import vm_states
from stratiform.services.compute.model.project_usage import ProjectUsage
from stratiform.services.compute.model.server_status import STATUS_TASK_STATES, StatusStates
from stratiform.services.compute.model.servers import Server, ServerFilter
from stratiform.services.compute.tables import server_table

_servers = TableGateway(server_table, Server)
_shared_servers = SharedRecords(_servers)

_IDS_PER_QUERY = 500

#: Columns by Nova's sort key.
SORT_COLUMNS = {
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

#: A column or expression to sort by, and `asc` or `desc`.
_SortKey = tuple[ColumnElement[object], str]


def find_server(db: Connection, server_id: str) -> Server | None:
    """Return the server, including a deleted one."""
    return _servers.find(db, server_id)


def find_server_for_update(db: Connection, server_id: str) -> Server | None:
    """Return the server, including a deleted one, and lock its row until the end of the transaction."""
    c = server_table.c
    row = db.execute(select(*_servers.columns).where(c.id == server_id).with_for_update()).first()
    return None if row is None else Server(*row)


def save_server(db: Connection, server: Server) -> Server:
    return _servers.save(db, server)


def insert_servers(db: Connection, servers: Sequence[Server]) -> None:
    _servers.insert_many(db, servers)


def list_servers_in_cloud(db: Connection, cloud_id: str) -> Sequence[Server]:
    """Return every server of a cloud that is not deleted."""
    c = server_table.c
    return _servers.list_all(db, c.cloud_id == cloud_id, c.deleted_at.is_(None))


def find_existing_ids(db: Connection, ids: Sequence[str]) -> set[str]:
    """Return those of `ids` that belong to a server, including deleted ones."""
    c = server_table.c
    existing: set[str] = set()
    for start in range(0, len(ids), _IDS_PER_QUERY):
        existing |= set(db.execute(select(c.id).where(c.id.in_(ids[start : start + _IDS_PER_QUERY]))).scalars())
    return existing


def list_cloud_names(db: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the names of the clouds of servers, also deleted ones, by the id of the server."""
    c = server_table.c
    names: dict[str, str] = {}
    for chunk in split_into_chunks(ids, _IDS_PER_QUERY):
        names |= {row.id: row.cloud_name for row in db.execute(select(c.id, c.cloud_name).where(c.id.in_(chunk)))}
    return names


def compute_project_usage(db: Connection, project_id: str) -> ProjectUsage:
    """Return the usage of a project. The database groups equal flavors, which are JSON documents."""
    c = server_table.c
    query = select(c.flavor, func.count()).where(c.project_id == project_id, c.deleted_at.is_(None)).group_by(c.flavor)
    rows = db.execute(query).tuples().all()
    return ProjectUsage(
        servers=sum(count for _, count in rows),
        vcpus=sum(count * flavor["vcpus"] for flavor, count in rows),
        ram=sum(count * flavor["ram"] for flavor, count in rows),
    )


def list_all_servers(db: Connection) -> Sequence[Server]:
    """Return the servers of all clouds that are not deleted."""
    return _servers.list_all(db, server_table.c.deleted_at.is_(None), order=[server_table.c.created_at])


def has_servers_in_cloud(db: Connection, cloud_id: str) -> bool:
    """Return True if a cloud has servers that are not deleted."""
    c = server_table.c
    return db.execute(select(c.id).where(c.cloud_id == cloud_id, c.deleted_at.is_(None)).limit(1)).first() is not None


def list_servers(db: Connection, filters: ServerFilter, page: Page) -> Slice[Server]:
    """Return a page of servers, sorted by the filter's sort keys, then by id. Other requests share these objects.

    Raises: Invalid for an unknown marker
    """
    where = _conditions(filters)
    keys = [(_sort_column(SORT_COLUMNS[key]), direction) for key, direction in filters.sort]
    keys.append((server_table.c.id, filters.sort[-1][1] if filters.sort else "desc"))
    if page.marker is not None:
        where.append(_after_marker(db, page.marker, keys))
    order = [column.desc() if direction == "desc" else column.asc() for column, direction in keys]
    return build_slice(_shared_servers.list_all(db, *where, order=order, limit=page.limit + 1), page)


def list_server_ids(db: Connection, filters: ServerFilter) -> list[str]:
    """Return the ids of all servers that match."""
    return list(db.execute(select(server_table.c.id).where(*_conditions(filters))).scalars())


def has_overdue_work(db: Connection, before: Micros) -> bool:
    """Return True if work on servers has been due since `before`, and no worker has leased it."""
    c = work_table.c
    overdue = select(c.key).where(c.kind == "compute.server", c.due_at < before, c.leased_until < before)
    return db.execute(overdue.limit(1)).first() is not None


def _sort_column(name: str) -> ColumnElement[object]:
    """Return the column with NULL replaced, so that NULL sorts first on every database."""
    column: Column[object] = server_table.c[name]
    if not column.nullable:
        return column
    return func.coalesce(column, 0 if isinstance(column.type, BigInteger) else "")


def _conditions(filters: ServerFilter) -> list[ColumnElement[bool]]:
    c = server_table.c
    where = _deletion_conditions(filters)
    if not filters.all_projects:
        where.append(c.project_id == filters.project_id)
    if filters.name is not None:
        where.append(c.name.regexp_match(filters.name))
    if filters.states is not None:
        where.append(or_(false(), *(_has_status(states) for states in filters.states)))
    if filters.ids is not None:
        where.append(c.id.in_(filters.ids))
    if filters.flavor_id is not None:
        where.append(c.flavor_id == filters.flavor_id)
    if filters.image_id is not None:
        where.append(c.image_id == filters.image_id)
    where += [c[name] == value for name, value in filters.equals.items()]
    return where + _tag_conditions(filters)


def _deletion_conditions(filters: ServerFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on times; `changes-since` includes deleted servers, as in Nova.

    Soft-deleted servers are in lists by status only.
    """
    c = server_table.c
    where: list[ColumnElement[bool]] = []
    if filters.changes_since is not None:
        where.append(c.updated_at >= filters.changes_since)
    if filters.changes_before is not None:
        where.append(c.updated_at <= filters.changes_before)
    if filters.deleted:
        where.append(c.deleted_at.is_not(None))
    elif filters.changes_since is None and filters.changes_before is None:
        where.append(c.deleted_at.is_(None))
        if filters.states is None:
            where.append(c.vm_state != vm_states.SOFT_DELETED)
    return where


def _has_status(states: StatusStates) -> ColumnElement[bool]:
    """Return `Server.status` as a condition."""
    c = server_table.c
    by_task_state = or_(
        *(c.task_state.in_(tasks) & (c.vm_state == vm_state) for vm_state, tasks in STATUS_TASK_STATES.items())
    )
    return (by_task_state & c.task_state.in_(states.task_states)) | (~by_task_state & c.vm_state.in_(states.vm_states))


def _tag_conditions(filters: ServerFilter) -> list[ColumnElement[bool]]:
    document = type_coerce(server_table.c.tags, Text)

    def has(tag: str) -> ColumnElement[bool]:
        # A regular expression, because LIKE on SQLite ignores case.
        return document.regexp_match(re.escape(msgspec.json.encode(tag).decode()))

    where: list[ColumnElement[bool]] = [has(tag) for tag in filters.tags]
    if filters.tags_any:
        where.append(or_(*(has(tag) for tag in filters.tags_any)))
    if filters.not_tags:
        where.append(~and_(*(has(tag) for tag in filters.not_tags)))
    where += [~has(tag) for tag in filters.not_tags_any]
    return where


def _after_marker(db: Connection, marker: str, keys: Sequence[_SortKey]) -> ColumnElement[bool]:
    row = db.execute(select(*(column for column, _ in keys)).where(server_table.c.id == marker)).first()
    if row is None:
        raise Invalid(f"marker [{marker}] not found")
    branches: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for (column, direction), value in zip(keys, row, strict=True):
        branches.append(and_(*equal, column < value if direction == "desc" else column > value))
        equal.append(column == value)
    return or_(*branches)
