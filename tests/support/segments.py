"""Segments of one resource in tests of the fold."""

from typing import Any

from stratiform.services.ledger.model import Resource, Segment

INSTANCE = Resource("cloud", "instance", "i")


def segment(start: int, end: int | None, project_id: str, state: str, attributes: dict[str, Any]) -> Segment:
    """Return a segment of `INSTANCE`."""
    return Segment(*INSTANCE, project_id, start, end, state, attributes)
