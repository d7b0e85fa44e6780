"""What meters of one resource counted, as whoever adjusts one has to know it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from stratiform.kit.clock import Micros, iso
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.metering import repository
from stratiform.services.metering.events.meterfile import Sample
from stratiform.services.metering.model import Filter, Resource, Segment
from stratiform.services.metering.model.adjust import sum_unit
from stratiform.services.metering.model.samples import quantity, total

#: So many samples are looked at for the names of a resource's meters.
_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter of a meter: what it summed to, in which unit, and whose its values were."""

    unit: str
    sum: Decimal
    projects: frozenset[str]


def counters_of(ctx: RequestContext, resource: Resource, meter: str) -> list[Counter]:
    """All counters of `meter`, adjustments too, up to now."""
    wanted = Filter(*resource, since=0, until=ctx.now)
    return [
        Counter(
            sum_unit(one.kind, one.unit),
            quantity(one.kind, one.samples, 0, ctx.now),
            frozenset(sample.project_id for sample in one.samples if sample.project_id),
        )
        for one in repository.samples.series(ctx.db, wanted, meter)
    ]


def meters_of(db: Connection, resource: Resource) -> set[str]:
    """Names of meters that have values of the resource."""
    found = repository.samples.page(db, Filter(*resource), None, _LOOKED_AT, None)
    return {row.meter for row in found}


def unit_of(meter: str, counters: Sequence[Counter], told: Sample | None) -> str | None:
    """The unit of the meter's sums, by its values or its file; None where it has neither. Raises Conflict where the
    values have several: then there is no sum."""
    units = sorted({one.unit for one in counters})
    if len(units) > 1:
        raise Conflict(f"meter: {meter} is told in several units: {', '.join(units)}")
    if units:
        return units[0]
    return None if told is None else sum_unit(told.kind, told.unit)


def sum_of(counters: Sequence[Counter]) -> Decimal:
    return total(one.sum for one in counters)


def owner_of(at: Micros, used: Sequence[Segment], counters: Sequence[Counter]) -> str | None:
    """Whose a value at this instant is: None, that of who used the resource then; of a resource that is only measured,
    of whom all other values of the meter are. Raises Invalid where that can't be told."""
    if any(one.start <= at and (one.end is None or at <= one.end) and one.project_id for one in used):
        return None
    projects = {project for one in counters for project in one.projects}
    if not used and len(projects) == 1:
        return projects.pop()
    raise Invalid(
        f"project_id: nobody used it at {iso(at)}, so it must be told whose it is", hint="or is it another time (at)?"
    )
