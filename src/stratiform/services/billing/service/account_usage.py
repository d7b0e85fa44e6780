"""The usage that a customer account pays for."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.billing.model import ProjectAssignment
from stratiform.services.billing.repository.project_assignments import list_assignments
from stratiform.services.ledger.model import Resource, Segment, UsageFilter
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.model import PricePlan, SampledUsage
from stratiform.services.rating.service import RatingService

#: Names by resource type, resource id and cloud.
ResourceNames = dict[tuple[str, str, str], str]


@dataclass(frozen=True, slots=True)
class UsageSelection:
    """The usage in `[start, end)` for which a customer account pays, by the prices of a plan.

    `usage_filter` has the position `as_of`, and restricts the usage to one project or resource; `resources` restricts
    it to several.
    """

    account_id: str
    plan: PricePlan
    start: Micros
    end: Micros
    usage_filter: UsageFilter = UsageFilter()  # noqa: RUF009 - immutable
    resources: frozenset[Resource] | None = None


@dataclass(slots=True)
class AccountUsage:
    """The segments of a selection, clipped to the assignments of the account and to its end.

    If the plan rounds durations, segments at the start are followed by the earlier ones of the same resource, so that
    the runs that go on there are complete. Segments have the names to which the prices refer, such as
    `volume_type_name`. `names` has the names of the resources that were iterated.
    """

    ledger: LedgerService
    db: Connection
    selection: UsageSelection
    names: ResourceNames = field(default_factory=dict)

    def __iter__(self) -> Iterator[Segment]:
        reader = self.ledger.name_timelines.open_reader(self.db, self.selection.usage_filter.as_of)
        yield from reader.add_names(self._iterate(), self.selection.plan.usage_fields.texts)

    def iterate_samples(self, rating: RatingService) -> Iterator[SampledUsage]:
        """Yield the samples that the plan needs."""
        plan = self.selection.plan
        for project_id, first, last in self._assigned_intervals():
            start = max(first, self.selection.start)
            for usage_filter in self._split_filter(self._filter(project_id, start, last)):
                yield from rating.meter_usages.iterate(self.db, plan, start, last, usage_filter)

    def _iterate(self) -> Iterator[Segment]:
        rounded_types = self.selection.plan.rounded_types
        for project_id, first, last in self._assigned_intervals():
            start, continued = max(first, self.selection.start), set[Resource]()
            for segment in self._iterate_segments(self._filter(project_id, start, last)):
                self.names[segment.resource_type, segment.resource_id, segment.cloud] = segment.name
                is_continued = segment.start <= start and segment.resource_type in rounded_types
                if is_continued:
                    continued.add(segment.resource)
                yield segment.clip(first if is_continued else start, last)
            if continued and first < start:
                yield from self._iterate_history(continued, project_id, first, start)

    def _iterate_segments(self, usage_filter: UsageFilter) -> Iterator[Segment]:
        resources = self.selection.resources
        if resources is None:
            return self.ledger.segments.iterate(self.db, usage_filter)
        return self.ledger.segments.iterate_of_resources(self.db, resources, usage_filter)

    def _split_filter(self, usage_filter: UsageFilter) -> Iterator[UsageFilter]:
        """Yield the filter, or one for each of the resources."""
        if self.selection.resources is None:
            yield usage_filter
        else:
            for cloud, resource_type, resource_id in sorted(self.selection.resources):
                yield replace(usage_filter, cloud=cloud, resource_type=resource_type, resource_id=resource_id)

    def _iterate_history(
        self, resources: Collection[Resource], project_id: str, first: Micros, start: Micros
    ) -> Iterator[Segment]:
        """Yield the segments of resources that ended until `start`, clipped to the assignment since `first`."""
        usage_filter = self._filter(project_id, first, start)
        for segment in self.ledger.segments.iterate_of_resources(self.db, resources, usage_filter):
            if segment.end is not None and segment.end <= start:
                yield segment.clip(first, start)

    def _filter(self, project_id: str, start: Micros, end: Micros) -> UsageFilter:
        return replace(self.selection.usage_filter, project_id=project_id, since=start, until=end)

    def _assigned_intervals(self) -> Iterator[tuple[str, Micros, Micros]]:
        """Yield the intervals, until the end, of the projects that the account pays for in the selected time."""
        selection, project_id = self.selection, self.selection.usage_filter.project_id
        assignments = list_assignments(self.db, account_id=selection.account_id, project_id=project_id)
        for assigned_project, first, until in _join(assignments):
            last = min(until or selection.end, selection.end)
            if max(first, selection.start) < last:
                yield assigned_project, first, last


def _join(assignments: Sequence[ProjectAssignment]) -> Iterator[tuple[str, Micros, Micros | None]]:
    """Yield project, start and end of assignments to one account; those that are adjacent are one."""
    open_ends: dict[str, tuple[Micros, Micros | None]] = {}
    for each in assignments:
        first, until = open_ends.get(each.project_id, (each.start, each.start))
        if until != each.start:
            yield each.project_id, first, until
            first = each.start
        open_ends[each.project_id] = (first, each.until)
    for project_id, (first, until) in open_ends.items():
        yield project_id, first, until
