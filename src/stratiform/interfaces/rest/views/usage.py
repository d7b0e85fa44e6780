"""Responses of usage."""

from typing import cast

import msgspec

from stratiform.interfaces.rest.schemas import usage as schemas
from stratiform.kit.clock import SECOND_US, Micros, format_iso
from stratiform.services.ledger.model import Segment, SegmentRow
from stratiform.services.ledger.model.samples import SampleRow


def segment(segment: Segment, names: dict[str, str]) -> schemas.Segment:
    return schemas.Segment(
        resource_type=segment.resource_type,
        resource_id=segment.resource_id,
        name=segment.name,
        project_id=segment.project_id,
        cloud=segment.cloud,
        start=format_iso(segment.start),
        end=None if segment.end is None else format_iso(segment.end),
        state=segment.state,
        attributes=dict(sorted(segment.attributes.items())),
        names=names or msgspec.UNSET,
    )


def segment_row(row: SegmentRow, names: dict[str, str] | None = None) -> schemas.Segment:
    return schemas.Segment(
        row.resource_type,
        row.resource_id,
        row.name,
        row.project_id,
        row.cloud,
        format_iso(row.start),
        None if row.end is None else format_iso(row.end),
        row.state,
        cast("dict[str, object]", msgspec.Raw(row.attributes)),  # JSON with sorted keys already
        names or msgspec.UNSET,
    )


def sample(row: SampleRow) -> schemas.Sample:
    return schemas.Sample(
        row.resource_type,
        row.resource_id,
        row.cloud,
        row.project_id,
        row.meter,
        row.kind,
        row.unit,
        row.source,
        format_iso(row.at),
        row.value,
        row.message_id,
    )


def format_seconds(us: Micros) -> str:
    """Return exact seconds: `3600.000001`."""
    return f"{us // SECOND_US}.{us % SECOND_US:06d}"
