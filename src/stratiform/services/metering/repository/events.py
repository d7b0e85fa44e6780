"""Events as they are stored, and the statements read out of them."""

import zlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam

from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection
from stratiform.services.metering.model import Fact, Resource, Statement
from stratiform.services.metering.repository.statements import insert_missing, insert_new, of_resources
from stratiform.services.metering.tables import event_table, resource_table

_e = event_table.c


def lock(db: Connection, resources: Collection[Resource]) -> None:
    """Hold the rows of `resources` (made where they are missing) until the end of the transaction, so that nobody
    else folds them meanwhile. All take them in the same order, so that no two wait for each other."""
    rows = [{**resource._asdict(), "name": ""} for resource in sorted(resources)]
    insert_missing(db, resource_table, rows, "cloud", "resource_type", "resource_id")


def add(db: Connection, facts: Sequence[Fact], now: Micros) -> set[tuple[str, str]]:
    """Insert events; those that are there stay as they are. The new ones, as (cloud, message id)."""
    new = insert_new(db, event_table, [_row(fact, now) for fact in facts], "message_id", "cloud")
    return {(row.cloud, row.message_id) for row in new}


def statements(db: Connection, cloud: str, resource_type: str, ids: Sequence[str]) -> dict[str, list[Statement]]:
    """Everything ever said of these resources, by id."""
    columns = (_e.resource_id, _e.at, _e.message_id, _e.fact)
    query = of_resources(db, event_table, cloud, resource_type, ids, columns)
    said: dict[str, list[Statement]] = defaultdict(list)
    for resource_id, at, message_id, fact in db.execute(query):
        said[resource_id].append(Statement(at=at, message_id=message_id, **fact))
    return said


def names(db: Connection, cloud: str, resource_type: str, ids: Sequence[str]) -> dict[str, str]:
    r = resource_table.c
    query = of_resources(db, resource_table, cloud, resource_type, ids, (r.resource_id, r.name))
    return {row[0]: row[1] for row in db.execute(query)}


def rename(db: Connection, renamed: Sequence[tuple[Resource, str]]) -> None:
    """Write down the last known names."""
    if not renamed:
        return
    r = resource_table.c
    mine = [column == bindparam(f"of_{column.name}") for column in (r.cloud, r.resource_type, r.resource_id)]
    statement = resource_table.update().where(*mine).values(name=bindparam("new_name"))
    rows = [
        {"of_cloud": cloud, "of_resource_type": resource_type, "of_resource_id": resource_id, "new_name": name}
        for (cloud, resource_type, resource_id), name in renamed
    ]
    db.execute(statement, rows)


def _row(fact: Fact, now: Micros) -> dict[str, Any]:
    statement = fact.statement
    return {
        **fact.resource._asdict(),
        "message_id": statement.message_id,
        "at": statement.at,
        "event_type": fact.event_type,
        "publisher_id": fact.publisher_id,
        "received_at": now,
        "fact": _said(statement),
        "payload": zlib.compress(msgspec.json.encode(fact.payload), 3),
    }


def _said(statement: Statement) -> dict[str, Any]:
    """What `statement` says, without what it leaves open; the arguments of Statement, but for `at` and id."""
    said = {
        "project_id": statement.project_id,
        "name": statement.name,
        "state": statement.state,
        "launched": statement.launched,
        "terminated": statement.terminated,
        "deleted": statement.deleted,
        "gone": statement.gone or None,
        "attributes": statement.attributes or None,
    }
    return {name: value for name, value in said.items() if value is not None}
