"""Counters of a meter of one resource, which adjustments depend on."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.ingest.model.meter_adjustments import get_sum_unit
from stratiform.services.ledger.model import CatalogMeter, Resource, Segment, UsageFilter
from stratiform.services.ledger.model.samples import sum_exactly, sum_samples
from stratiform.services.ledger.service import LedgerService

#: Samples that are read to find the names of a resource's meters.
_MAX_SAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Counter:
    """The sum of one counter of a meter, its unit, and the projects of its samples."""

    unit: str
    sum: Decimal
    projects: frozenset[str]


def list_counters(ctx: RequestContext, ledger: LedgerService, resource: Resource, meter: str) -> list[Counter]:
    """Return all counters of `meter` until now, adjustments included."""
    usage_filter = UsageFilter(*resource, since=0, until=ctx.now)
    return [
        Counter(
            get_sum_unit(series.kind, series.unit),
            sum_samples(series.kind, series.samples, 0, ctx.now),
            frozenset(sample.project_id for sample in series.samples if sample.project_id),
        )
        for series in ledger.samples.iterate_series(ctx.db, usage_filter, meter)
    ]


def list_meters(ctx: RequestContext, ledger: LedgerService, resource: Resource) -> set[str]:
    """Return the names of the meters of which the resource has samples."""
    rows = ledger.samples.list_after(ctx.db, UsageFilter(*resource), None, _MAX_SAMPLES)
    return {row.meter for row in rows}


def find_unit(meter: str, counters: Sequence[Counter], definition: CatalogMeter | None) -> str | None:
    """Return the unit of the meter's sums from its samples, or else from its definition.

    Raises: Conflict (samples in several units can't be summed).
    """
    units = sorted({counter.unit for counter in counters})
    if len(units) > 1:
        raise Conflict(f"meter: {meter} has samples in several units: {', '.join(units)}")
    if units:
        return units[0]
    return None if definition is None else get_sum_unit(definition.kind, definition.unit)


def sum_counters(counters: Sequence[Counter]) -> Decimal:
    """Return the sum of all counters."""
    return sum_exactly(counter.sum for counter in counters)


def find_owner(at: Micros, segments: Sequence[Segment], counters: Sequence[Counter]) -> str | None:
    """Return the project of an adjustment at the instant `at`.

    None: the project that used the resource then. A resource without segments belongs to the project of all its
    samples. Raises: Invalid (the project is ambiguous).
    """
    if any(
        segment.start <= at and (segment.end is None or at <= segment.end) and segment.project_id
        for segment in segments
    ):
        return None
    projects = {project for counter in counters for project in counter.projects}
    if not segments and len(projects) == 1:
        return projects.pop()
    raise Invalid(
        f"project_id: required, because no project used the resource at {format_iso(at)}",
        hint="set `project_id`, or correct the time (`at`)",
    )
