"""Names of resources as facts with a time: what something was called when it was used."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TypeVar

import msgspec

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.ledger import policy, repository
from stratiform.services.ledger.model import Resource, Segment, SegmentRow, Statement
from stratiform.services.ledger.model.name_timelines import (
    NAMED_TYPES,
    NO_NAMES,
    OWN_CLOUD,
    PROJECT_TYPE,
    REFERENCED_TYPES,
    REFERENCES,
    NameTimeline,
    StatedName,
    list_name_references,
    split_by_names,
)

S = TypeVar("S", bound=Segment)

#: Segments whose names are read at once.
_SEGMENTS_AT_ONCE = 1000

#: More resources with one name than anyone distinguishes by hand.
_MAX_NAMESAKES = 100


class NameReader:
    """Reads names as known at the position `as_of` (None: now). Each name is read once."""

    def __init__(self, db: Connection, as_of: int | None = None) -> None:
        self._db = db
        self._as_of = as_of
        self._timelines: dict[Resource, NameTimeline] = {}
        self._read: set[Resource] = set()

    def load_names(self, resources: Iterable[Resource]) -> None:
        """Read the names of resources. A name in a cloud takes precedence over one of this installation."""
        new = {*resources} - self._read
        if not new:
            return
        self._read |= new
        own = {resource._replace(cloud=OWN_CLOUD) for resource in new}
        timelines = _read_timelines(self._db, sorted(new | own), self._as_of)
        for resource in new:
            timeline = timelines.get(resource) or timelines.get(resource._replace(cloud=OWN_CLOUD))
            if timeline is not None:
                self._timelines[resource] = timeline

    def get_timeline(self, resource: Resource) -> NameTimeline:
        """Return the names of a resource; none if they are not known."""
        self.load_names([resource])
        return self._timelines.get(resource, NO_NAMES)

    def find_name(self, resource: Resource, at: Micros) -> str | None:
        """Return the name of a resource at an instant; None if it is not known."""
        timeline = self.get_timeline(resource)
        return timeline.get_name_at(at) if timeline.names else None

    def list_project_names(self, cloud: str, project_ids: Iterable[str], at: Micros) -> dict[str, str]:
        """Return the names of projects that use a cloud, at an instant, by id; unknown ones are missing."""
        resources = [Resource(cloud, PROJECT_TYPE, project_id) for project_id in project_ids]
        self.load_names(resources)
        names = {resource.resource_id: self.find_name(resource, at) for resource in resources}
        return {project_id: name for project_id, name in names.items() if name}

    def add_names(self, segments: Iterable[S], attributes: Collection[str] | None = None) -> Iterator[S]:
        """Yield segments with the names to which they refer, such as `volume_type_name`, in their attributes.

        A segment in which a name changes is split there. `attributes`: the names that are needed (None: all). The
        connection of `segments` must allow other queries meanwhile.
        """
        remaining = iter(segments)
        while chunk := list(islice(remaining, _SEGMENTS_AT_ONCE)):
            referenced = [
                list_name_references(segment.cloud, segment.resource_type, segment.attributes, attributes)
                for segment in chunk
            ]
            self.load_names(resource for references in referenced for _, resource in references)
            for segment, references in zip(chunk, referenced, strict=True):
                yield from split_by_names(segment, references, self._timelines)

    def fill_attributes(
        self, cloud: str, resource_type: str, attributes: Mapping[str, object], at: Micros
    ) -> Mapping[str, object]:
        """Return attributes with the names of the resources to which they refer, at an instant."""
        referenced = list_name_references(cloud, resource_type, attributes)
        names = {reference.name_attribute: self.find_name(resource, at) for reference, resource in referenced}
        return {**attributes, **{attribute: name for attribute, name in names.items() if name is not None}}

    def list_row_names(self, rows: Iterable[tuple[SegmentRow, Micros]]) -> list[dict[str, str]]:
        """Return for each segment the names of its project and of the resources to which it refers, at an instant.

        The keys are types of resources. Unknown names are missing.
        """
        moments = [
            (_list_referenced(row.cloud, row.project_id, row.resource_type, row.attributes), at) for row, at in rows
        ]
        self.load_names({resource for referenced, _ in moments for resource in referenced})
        timelines = self._timelines
        return [
            {each.resource_type: timelines[each].get_name_at(at) for each in referenced if each in timelines}
            for referenced, at in moments
        ]


@lru_cache(4096)
def _list_referenced(cloud: str, project_id: str, resource_type: str, attributes: str) -> Sequence[Resource]:
    """Return the project and the resources to which attributes refer; most segments have equal ones."""
    project = [Resource(cloud, PROJECT_TYPE, project_id)] if project_id else []
    if resource_type not in REFERENCES:
        return project
    references = list_name_references(cloud, resource_type, msgspec.json.decode(attributes))
    return [*project, *(resource for _, resource in references)]


@dataclass(frozen=True, slots=True)
class NameTimelines:
    """Names of resources over time."""

    def open_reader(self, db: Connection, as_of: int | None = None) -> NameReader:
        """Return a reader of names as known at the position `as_of` (None: now)."""
        return NameReader(db, as_of)

    def may_have_changed(self, db: Connection, position: int) -> bool:
        """Return True if names to which usage refers may have become known after a position."""
        return any(
            exist_after(db, REFERENCED_TYPES, position)
            for exist_after in (repository.name_statements.exist_after, repository.stated_names.exist_after)
        )

    def list(
        self, ctx: RequestContext, resource_types: Sequence[str] = NAMED_TYPES
    ) -> Sequence[tuple[Resource, NameTimeline]]:
        """Return the names of all resources of these types, sorted by type, id and cloud. Raises: Forbidden."""
        policy.NAMES_LIST.require(ctx.caller, None)
        resources: set[Resource] = set()
        for resource_type in resource_types:
            rows = repository.resources.list_names(ctx.db, resource_type)
            resources |= {Resource(cloud, resource_type, resource_id) for cloud, resource_id, _, _ in rows}
            resources |= {*repository.stated_names.list_resources(ctx.db, resource_type)}
        timelines = _read_timelines(ctx.db, resources, None)
        return sorted(timelines.items(), key=lambda item: (item[0][1:], item[0].cloud))

    def list_project_names(self, db: Connection, project_ids: Collection[str], at: Micros) -> Mapping[str, str]:
        """Return the names of projects at an instant, by id; those of this installation take precedence."""
        return self.list_names(db, PROJECT_TYPE, project_ids, at)

    def list_names(
        self, db: Connection, resource_type: str, resource_ids: Collection[str], at: Micros
    ) -> Mapping[str, str]:
        """Return the names of resources in any cloud at an instant, by id; own names take precedence."""
        ids = sorted(resource_ids)
        rows = repository.resources.list_names(db, resource_type, ids)
        resources = {Resource(cloud, resource_type, resource_id) for cloud, resource_id, _, _ in rows}
        resources |= {*repository.stated_names.list_of_ids(db, resource_type, ids)}
        timelines = _read_timelines(db, resources, None)
        return {
            resource.resource_id: timelines[resource].get_name_at(at)
            for resource in sorted(timelines, key=lambda each: each.cloud, reverse=True)  # the own cloud is the last
        }

    def list_projects_named(self, db: Connection, name: str) -> Sequence[str]:
        """Return the ids of the projects that have this name now, in any cloud."""
        rows = repository.resources.list_named(db, name, PROJECT_TYPE, _MAX_NAMESAKES)
        resources = {resource for resource, _ in rows}
        resources |= {*repository.stated_names.list_named(db, PROJECT_TYPE, name)}
        timelines = _read_timelines(db, resources, None)
        return sorted({each.resource_id for each, timeline in timelines.items() if timeline.names[-1][1] == name})

    def select_new(self, db: Connection, names: Iterable[StatedName]) -> Sequence[StatedName]:
        """Return those of `names` that are not implied by the names in the ledger, in the order of their times."""
        ordered = sorted(names, key=lambda each: (each.at, each.name))
        statements = repository.stated_names.list_by_resource(db, {each.resource for each in ordered}, None)
        new = []
        for stated in ordered:
            of_resource = statements[stated.resource]
            is_taken = any(statement.at == stated.at for statement in of_resource)
            if not is_taken and not NameTimeline.from_statements(of_resource).implies(stated.at, stated.name):
                of_resource.append(Statement(stated.at, "", name=stated.name))
                new.append(stated)
        return new

    def add(self, db: Connection, names: Sequence[StatedName], position: int) -> None:
        """Store names that are known from `position` on. The caller is the writer of the ledger."""
        repository.stated_names.add(db, names, position)


def _read_timelines(
    db: Connection, resources: Collection[Resource], as_of: int | None
) -> Mapping[Resource, NameTimeline]:
    """Return the names of those resources that have any."""
    statements: dict[Resource, list[Statement]] = defaultdict(list)
    for read in (repository.name_statements.list_by_resource, repository.stated_names.list_by_resource):
        for resource, of_resource in read(db, resources, as_of).items():
            statements[resource] += of_resource
    timelines = {resource: NameTimeline.from_statements(of_resource) for resource, of_resource in statements.items()}
    return {resource: timeline for resource, timeline in timelines.items() if timeline.names}
