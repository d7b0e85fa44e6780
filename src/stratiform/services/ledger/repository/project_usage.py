"""Which projects have used something in a time."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, case, distinct, func, or_, select

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger.tables import resource_table, sample_table, segment_table

_s, _v, _r = segment_table.c, sample_table.c, resource_table.c


@dataclass(frozen=True, slots=True)
class ProjectUsage:
    """The number of resources that a project has used between `start` and `end`; `cloud` is one of its clouds."""

    project_id: str
    cloud: str
    resources: int
    start: Micros
    end: Micros


def list_by_project(
    db: Connection, start: Micros, end: Micros, resource_types: Collection[str], project_id: str | None = None
) -> list[ProjectUsage]:
    """Return the projects with usage of these resource types in `[start, end)`, or only one project.

    Samples count if they name their project.
    """
    usages: dict[str, ProjectUsage] = {}
    for query in _queries(start, end, resource_types, project_id):
        for row in db.execute(query):
            usage = ProjectUsage(*row)
            other = usages.get(usage.project_id)
            usages[usage.project_id] = usage if other is None else _join(usage, other)
    return [usages[project] for project in sorted(usages)]


def _join(first: ProjectUsage, second: ProjectUsage) -> ProjectUsage:
    resources = max(first.resources, second.resources)
    start, end = min(first.start, second.start), max(first.end, second.end)
    return replace(first, resources=resources, start=start, end=end)


def _queries(
    start: Micros, end: Micros, resource_types: Collection[str], project_id: str | None
) -> Iterator[Select[Any]]:
    first = case((_s.start_at < start, start), else_=_s.start_at)
    last = case((or_(_s.end_at.is_(None), _s.end_at > end), end), else_=_s.end_at)
    columns = (_s.project_id, func.min(_s.cloud), func.count(distinct(_s.resource)), func.min(first), func.max(last))
    segments = select(*columns).where(
        _s.superseded.is_(None),
        _s.resource_type.in_(resource_types),
        _s.start_at < end,
        or_(_s.end_at.is_(None), _s.end_at > start),
    )
    joined = sample_table.join(resource_table, _r.id == _v.resource)
    resources = func.count(distinct(_v.resource))
    samples = select(_v.project_id, func.min(_r.cloud), resources, func.min(_v.at), func.max(_v.at))
    samples = samples.select_from(joined).where(
        _v.project_id.is_not(None), _r.resource_type.in_(resource_types), _v.at > start, _v.at <= end
    )
    for query, column in ((segments, _s.project_id), (samples, _v.project_id)):
        of_project = query if project_id is None else query.where(column == project_id)
        yield of_project.group_by(column)
