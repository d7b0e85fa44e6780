"""Usage that was not known at an earlier position, such as that of a closed period."""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import Resource, Segment, UsageFilter
from stratiform.services.ledger.model.name_timelines import REFERENCES, list_name_references
from stratiform.services.ledger.service.name_timelines import NameReader, NameTimelines


@dataclass(frozen=True, slots=True)
class LateUsage:
    """Compares the usage that is known now with what was known at a position."""

    name_timelines: NameTimelines

    def list_resources(
        self, db: Connection, project_ids: Sequence[str], start: Micros, end: Micros, position: int
    ) -> Set[Resource]:
        """Return the resources of projects whose usage in `[start, end)` may differ from that at `position`."""
        return repository.late_usage.list_resources(db, project_ids, start, end, position)

    def list_renamed(
        self,
        db: Connection,
        project_ids: Sequence[str],
        start: Micros,
        end: Micros,
        position: int,
        attributes: Collection[str],
    ) -> Set[Resource]:
        """Return the resources of projects that use something in `[start, end)` under another name than at `position`.

        `attributes` are those for names that count, such as `volume_type_name`.
        """
        types = [
            resource_type
            for resource_type, references in REFERENCES.items()
            if any(reference.name_attribute in attributes for reference in references)
        ]
        if not types or not self.name_timelines.may_have_changed(db, position):
            return set()
        before, now = self.name_timelines.open_reader(db, position), self.name_timelines.open_reader(db)
        renamed = set()
        for segment in _iterate_segments(db, project_ids, types, start, end):
            references = list_name_references(segment.cloud, segment.resource_type, segment.attributes, attributes)
            if any(_is_renamed(segment, resource, before, now) for _, resource in references):
                renamed.add(segment.resource)
        return renamed

    def list_projects(self, db: Connection, position: int, before: Micros) -> Mapping[str, Micros]:
        """Return the projects with usage before `before` that was added or removed after `position`, with its start."""
        return repository.late_usage.list_projects(db, position, before)


def _iterate_segments(
    db: Connection, project_ids: Sequence[str], resource_types: Sequence[str], start: Micros, end: Micros
) -> Iterator[Segment]:
    """Yield the segments of projects, clipped to `[start, end)`."""
    for project_id in project_ids:
        for resource_type in resource_types:
            usage_filter = UsageFilter(project_id=project_id, resource_type=resource_type, since=start, until=end)
            for segment in repository.segment_queries.iterate_segments(db, usage_filter):
                yield segment.clip(start, end)


def _is_renamed(segment: Segment, resource: Resource, before: NameReader, now: NameReader) -> bool:
    """Return True if a resource has other names during a segment, which has an end."""
    assert segment.end is not None, "it is clipped"
    first, second = before.get_timeline(resource), now.get_timeline(resource)
    return first != second and first.list_names_between(segment.start, segment.end) != second.list_names_between(
        segment.start, segment.end
    )
