"""Price plans, segments and samples for tests of rating."""

from decimal import Decimal
from typing import Any

from stratiform.kit.clock import parse_iso
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ledger.model import MeterCatalog, Segment
from stratiform.services.rating.model import PricePlan, SampledUsage
from stratiform.services.rating.plan_files import parse_plan

CATALOG: MeterCatalog = MessageParser.load().catalog

#: The start of the period that tests rate.
START = parse_iso("2026-11-01")


def plan(*prices: str, head: str = "", valid_from: str = "2026-01-01") -> PricePlan:
    """Return a plan with one version of these prices; `head` are lines of the plan's own table."""
    return parse(plan_source(*prices, head=head, valid_from=valid_from))


def parse(source: str, file: str = "") -> PricePlan:
    return parse_plan(source, CATALOG, file)


def plan_source(*prices: str, head: str = "", valid_from: str = "2026-01-01") -> str:
    return f'name = "p"\ncurrency = "EUR"\n{head}\n' + version_source(*prices, valid_from=valid_from)


def version_source(*prices: str, valid_from: str = "2026-01-01") -> str:
    tables = "".join(f"[[version.price]]\n{price}\n" for price in prices)
    return f"[[version]]\nvalid_from = {valid_from}\n{tables}"


def segment(
    resource_type: str,
    first: int,
    last: int | None,
    state: str = "active",
    *,
    resource_id: str = "r1",
    project_id: str = "p1",
    **attributes: Any,
) -> Segment:
    """Return a segment from `first` to `last`, in microseconds after START."""
    end = None if last is None else START + last
    return Segment("dc", resource_type, resource_id, project_id, START + first, end, state, attributes)


def sample(resource_type: str, meter: str, unit: str, at: int, value: str, **changes: Any) -> SampledUsage:
    """Return usage up to the instant `at`, in microseconds after START."""
    return level(resource_type, meter, unit, at, at, value, **changes)


def level(
    resource_type: str,
    meter: str,
    unit: str,
    first: int,
    last: int,
    value: str,
    *,
    resource_id: str = "r1",
    project_id: str = "p1",
) -> SampledUsage:
    """Return a level that holds from `first` to `last`; `unit` is that of its sum, such as `B·s`."""
    return SampledUsage(
        resource_type, resource_id, project_id, "dc", meter, unit, START + first, START + last, Decimal(value)
    )
