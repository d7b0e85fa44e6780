"""The projects that events are about."""

from collections.abc import Callable, Sequence

from stratiform.services.ledger.model import Record


def projects_of(record: Record) -> set[str]:
    """Return the projects that an event names."""
    projects = (record.fact.get("project_id"), record.fact.get("correction", {}).get("project_id"))
    return {project_id for project_id in projects if project_id is not None}


def readable_by(project_id: str | None, records: Sequence[Record]) -> Callable[[Record], bool]:
    """Return a function that tells which events of a resource a reader of the project may see (None: the operator).

    All of them if the resource never belonged to another project, else only those that name this project alone.
    """
    if project_id is None or all(projects_of(record) <= {project_id} for record in records):
        return lambda _record: True
    return lambda record: projects_of(record) == {project_id}
