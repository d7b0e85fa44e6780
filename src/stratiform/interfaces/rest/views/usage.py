"""Responses of usage."""

from typing import cast

import msgspec

from stratiform.interfaces.rest.schemas import usage as schemas
from stratiform.kit.clock import SECOND_US, Micros, iso
from stratiform.services.ledger.model import Segment, SegmentRow
from stratiform.services.ledger.model.samples import SampleRow


def segment(segment: Segment) -> schemas.Segment:
    return schemas.Segment(
        resource_type=segment.resource_type,
        resource_id=segment.resource_id,
        name=segment.name,
        project_id=segment.project_id,
        cloud=segment.cloud,
        start=iso(segment.start),
        end=None if segment.end is None else iso(segment.end),
        state=segment.state,
        attributes=dict(sorted(segment.attributes.items())),
    )


def segment_row(row: SegmentRow) -> schemas.Segment:
    return schemas.Segment(
        row.resource_type,
        row.resource_id,
        row.name,
        row.project_id,
        row.cloud,
        iso(row.start),
        None if row.end is None else iso(row.end),
        row.state,
        cast("dict[str, object]", msgspec.Raw(row.attributes)),  # JSON with sorted keys already
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
        iso(row.at),
        row.value,
        row.message_id,
    )


def seconds(us: Micros) -> str:
    """Return exact seconds: `3600.000001`."""
    return f"{us // SECOND_US}.{us % SECOND_US:06d}"
