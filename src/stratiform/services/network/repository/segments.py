"""Segments of networks, and the subnets on them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from stratiform.kit.database import Connection
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.model.segments import SEGMENT_FIELDS
from stratiform.services.network.repository.resource_rows import gateways
from stratiform.services.network.repository.resources import networks
from stratiform.services.network.tables import subnets_table

_segments = gateways["segment"]


def find_segment(db: Connection, segment_id: str) -> Resource | None:
    return _segments.find(db, segment_id)


def insert_segment(db: Connection, segment: Resource) -> None:
    """Raises: IntegrityError if another segment has its fingerprint."""
    with db.begin_nested():
        _segments.insert(db, segment)


def save_segment(db: Connection, segment: Resource) -> None:
    """Raises: IntegrityError if another segment has its fingerprint."""
    with db.begin_nested():
        _segments.save(db, segment)


def list_segments(db: Connection, network_ids: Sequence[str]) -> dict[str, list[Resource]]:
    """Return the segments of each network, oldest first."""
    c = _segments.table.c
    by_network: dict[str, list[Resource]] = {network_id: [] for network_id in network_ids}
    for segment in _segments.list_all(db, c.network_id.in_(network_ids), order=(c.created_at, c.id)):
        by_network[segment["network_id"]].append(segment)
    return by_network


def list_subnet_ids(db: Connection, segment_id: str) -> list[str]:
    c = subnets_table.c
    return [str(row[0]) for row in db.execute(select(c.id).where(c.segment_id == segment_id).order_by(c.id))]


def save_provider_values(db: Connection, network_id: str, segment: Mapping[str, Any]) -> None:
    """Set the provider attributes of a network, which are those of its only segment."""
    networks.update(db, network_id, **{f"provider_{name}": segment[name] for name in SEGMENT_FIELDS})
