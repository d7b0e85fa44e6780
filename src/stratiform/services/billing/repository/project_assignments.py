"""Assignments of projects to customer accounts."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, or_, select

from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.database import Connection, IntegrityError, TableGateway
from stratiform.kit.errors import Conflict
from stratiform.services.billing.errors import AssignmentConflict
from stratiform.services.billing.model import ProjectAssignment
from stratiform.services.billing.tables import accounts_table, assignments_table, documents_table

_rows = TableGateway(assignments_table, ProjectAssignment)


def list_assignments(
    db: Connection, *, account_id: str | None = None, project_id: str | None = None
) -> Sequence[ProjectAssignment]:
    """Return the assignments of a customer account, of a project, or of both, by start."""
    c = assignments_table.c
    filters = ((c.account_id, account_id), (c.project_id, project_id))
    conditions = [column == value for column, value in filters if value is not None]
    return _rows.list_all(db, *conditions, order=(c.start, c.id))


def list_plan_names(db: Connection, project_id: str, now: Micros) -> Sequence[str]:
    """Return the names of the price plans of the customer accounts that pay for a project, by name."""
    a, accounts = assignments_table.c, accounts_table.c
    joined = assignments_table.join(accounts_table, accounts.id == a.account_id)
    is_current = (a.project_id == project_id) & or_(a.until.is_(None), a.until > now)
    query = select(accounts.plan).select_from(joined).where(is_current).distinct().order_by(accounts.plan)
    return list(db.execute(query).scalars())


def find_last_assignment(db: Connection, project_id: str) -> ProjectAssignment | None:
    """Return the latest assignment of a project."""
    c = assignments_table.c
    rows = _rows.list_all(db, c.project_id == project_id, order=(c.sequence.desc(),), limit=1)
    return rows[0] if rows else None


def insert_assignment(db: Connection, assignment: ProjectAssignment, previous_until: Micros | None) -> None:
    """Insert the next assignment of a project; `previous_until` is the end of the one before.

    Raises: AssignmentConflict if another request has assigned the project
    """
    previous_sequence = assignment.sequence - 1 or None
    values = {
        **_rows.to_columns(assignment),
        "previous_sequence": previous_sequence,
        "previous_until": None if previous_sequence is None else previous_until,
    }
    try:
        db.execute(assignments_table.insert().values(values))
    except IntegrityError as error:
        raise AssignmentConflict(assignment.project_id) from error


def end_assignment(db: Connection, assignment_id: str, until: Micros) -> None:
    _rows.update(db, assignment_id, until=until)


def extend_assignment(db: Connection, assignment: ProjectAssignment, start: Micros) -> None:
    """Move the start of an assignment to an earlier time. Raises: Conflict if the project is assigned then"""
    try:
        _rows.update(db, assignment.id, start=start)
    except IntegrityError as error:
        raise Conflict(
            f"Another customer account pays for project '{assignment.project_id}' at {format_iso(start)}"
        ) from error


def delete_assignment(db: Connection, assignment_id: str) -> None:
    _rows.delete(db, assignments_table.c.id == assignment_id)


def document_covers_project_condition(project_id: str) -> ColumnElement[bool]:
    """Return the condition that the customer account of a document paid for a project in the document's period."""
    a, d = assignments_table.c, documents_table.c
    return exists().where(
        a.account_id == d.account_id,
        a.project_id == project_id,
        a.start < d.end,
        or_(a.until.is_(None), a.until > d.start),
    )
