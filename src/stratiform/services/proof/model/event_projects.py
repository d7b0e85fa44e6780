"""Projects of events, and which events a project may read."""

from collections.abc import Callable, Sequence

from stratiform.services.ledger.model import EventRecord


def list_projects(record: EventRecord) -> set[str]:
    """Return the projects that an event names."""
    projects = (record.fact.get("project_id"), record.fact.get("correction", {}).get("project_id"))
    return {project_id for project_id in projects if project_id is not None}


def build_read_check(records: Sequence[EventRecord], project_id: str | None) -> Callable[[EventRecord], bool]:
    """Return a predicate for the events of a resource that a project may read; None: the operator, who may read all.

    A project may read all events of a resource that never belonged to another project, else only those that name this
    project alone.
    """
    if project_id is None or all(list_projects(record) <= {project_id} for record in records):
        return lambda _record: True
    return lambda record: list_projects(record) == {project_id}
