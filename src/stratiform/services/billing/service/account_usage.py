"""The usage that a customer account pays for."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.billing.repository.project_assignments import list_assignments
from stratiform.services.ledger.model import Segment, UsageFilter
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.model import PricePlan, SampledUsage
from stratiform.services.rating.service import RatingService

#: Names by resource type, resource id and cloud.
ResourceNames = dict[tuple[str, str, str], str]


@dataclass(slots=True)
class AccountUsage:
    """The segments of a customer account in `[start, end)`, clipped to its assignments.

    `names` has the names of the resources that were iterated. `project_id` restricts the usage to one project. Segments
    have the names of `attributes` to which they refer, such as `volume_type_name`.
    """

    ledger: LedgerService
    db: Connection
    account_id: str
    start: Micros
    end: Micros
    as_of: int | None = None
    project_id: str | None = None
    attributes: Collection[str] = ()
    names: ResourceNames = field(default_factory=dict)

    def __iter__(self) -> Iterator[Segment]:
        yield from self.ledger.name_timelines.open_reader(self.db, self.as_of).add_names(
            self._iterate(), self.attributes
        )

    def _iterate(self) -> Iterator[Segment]:
        for project_id, start, end in self._assigned_intervals():
            for segment in self.ledger.segments.iterate_overlapping(self.db, start, end, project_id, self.as_of):
                self.names[segment.resource_type, segment.resource_id, segment.cloud] = segment.name
                yield segment.clip(start, end)

    def iterate_samples(self, rating: RatingService, plan: PricePlan) -> Iterator[SampledUsage]:
        """Yield the samples that `plan` needs."""
        for project_id, start, end in self._assigned_intervals():
            usage_filter = UsageFilter(project_id=project_id, as_of=self.as_of)
            yield from rating.meter_usages.iterate(self.db, plan, start, end, usage_filter)

    def _assigned_intervals(self) -> Iterator[tuple[str, Micros, Micros]]:
        for assignment in list_assignments(self.db, account_id=self.account_id, project_id=self.project_id):
            start, end = max(assignment.start, self.start), min(assignment.until or self.end, self.end)
            if start < end:
                yield assignment.project_id, start, end
