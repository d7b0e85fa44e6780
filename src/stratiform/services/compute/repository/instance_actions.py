"""Queries on instance actions."""

from collections.abc import Sequence

from sqlalchemy import update

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway
from stratiform.services.compute.model.instance_actions import InstanceAction
from stratiform.services.compute.tables import action_table

_actions = TableGateway(action_table, InstanceAction)


def insert_actions(db: Connection, actions: Sequence[InstanceAction]) -> None:
    _actions.insert_many(db, actions)


def finish_actions(db: Connection, server_id: str, at: Micros, message: str | None = None) -> None:
    """Finish every action in progress on the server; `message` is set for failed actions."""
    c = action_table.c
    unfinished = (c.server_id == server_id) & c.finished_at.is_(None)
    db.execute(update(action_table).where(unfinished).values(finished_at=at, message=message))


def list_actions(db: Connection, server_id: str) -> Sequence[InstanceAction]:
    """Return the actions on a server, newest first."""
    c = action_table.c
    return _actions.list_all(db, c.server_id == server_id, order=[c.started_at.desc(), c.id.desc()])


def list_named(db: Connection, names: Sequence[str], server_id: str | None = None) -> Sequence[InstanceAction]:
    """Return the actions with one of `names`, of one server or (None) of all, oldest first."""
    c = action_table.c
    where = [c.action.in_(list(names)), *([] if server_id is None else [c.server_id == server_id])]
    return _actions.list_all(db, *where, order=[c.started_at, c.id])


def find_action(db: Connection, server_id: str, request_id: str) -> InstanceAction | None:
    return _actions.find_first(db, action_table.c.server_id == server_id, action_table.c.request_id == request_id)
