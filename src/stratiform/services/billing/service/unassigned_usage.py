"""Usage that no customer account pays for."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.billing import policy
from stratiform.services.billing.model import UnassignedUsage, format_month, parse_month
from stratiform.services.billing.repository.project_assignments import list_assignments
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.model.name_timelines import PROJECT_TYPE
from stratiform.services.ledger.service import LedgerService, ProjectUsage
from stratiform.services.rating.model import FREE_TYPES
from stratiform.services.rating.service import RatingService

Interval = tuple[Micros, Micros]


@dataclass(frozen=True, slots=True)
class UnassignedUsages:
    """Finds usage of projects at times at which no customer account pays for them."""

    ledger: LedgerService
    rating: RatingService

    def list(self, ctx: RequestContext, month: str | None = None) -> Sequence[UnassignedUsage]:
        """Return the unassigned usage in a month (default: the current one) until now, by project.

        Resource types that no plan prices do not count, nor those that are free by default. Raises: Invalid
        """
        policy.ACCOUNTS_LIST.require(ctx.caller, None)
        start, end = parse_month(month or format_month(ctx.now))
        plans = self.rating.plans.list_all(ctx.db)
        types = frozenset[str]().union(*(plan.priced_types for plan in plans))
        types = types or frozenset(each.name for each in self.rating.catalog) - frozenset(FREE_TYPES)
        return self.find(ctx.db, start, min(end, ctx.now), types)

    def find(
        self, db: Connection, start: Micros, end: Micros, types: Collection[str], project_id: str | None = None
    ) -> Sequence[UnassignedUsage]:
        """Return the unassigned usage of these resource types in `[start, end)`, by project."""
        unassigned = []
        for usage in self.ledger.project_usages.list(db, start, end, types, project_id):
            usages = [*self._list_gaps(db, usage, start, end, types)]
            if usages:
                unassigned.append(self._join(db, usages))
        return unassigned

    def _list_gaps(
        self, db: Connection, usage: ProjectUsage, start: Micros, end: Micros, types: Collection[str]
    ) -> Iterator[ProjectUsage]:
        """Yield the usage of a project in each interval of `[start, end)` in which it is not assigned."""
        gaps = [*_find_gaps(db, usage.project_id, start, end)]
        if gaps == [(start, end)]:
            yield usage
        else:
            for first, last in gaps:
                yield from self.ledger.project_usages.list(db, first, last, types, usage.project_id)

    def _join(self, db: Connection, usages: Sequence[ProjectUsage]) -> UnassignedUsage:
        first, end = usages[0], usages[-1].end
        project = Resource(first.cloud, PROJECT_TYPE, first.project_id)
        name = self.ledger.name_timelines.open_reader(db).find_name(project, end - 1) or ""
        return UnassignedUsage(first.project_id, name, max(each.resources for each in usages), first.start, end)


def _find_gaps(db: Connection, project_id: str, start: Micros, end: Micros) -> Iterator[Interval]:
    """Yield the intervals of `[start, end)` in which a project is not assigned."""
    for assignment in list_assignments(db, project_id=project_id):
        if start < min(assignment.start, end):
            yield start, min(assignment.start, end)
        start = end if assignment.until is None else max(start, assignment.until)
    if start < end:
        yield start, end
