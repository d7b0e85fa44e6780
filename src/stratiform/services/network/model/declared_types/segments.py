"""Segments: the layer 2 networks of which a network consists."""

from typing import Annotated

from msgspec import Meta

from stratiform.services.network import policy
from stratiform.services.network.errors.segments import SegmentInUse, SegmentNotFound
from stratiform.services.network.model.resource_types import (
    REQUIRED,
    ResourceType,
    hidden,
    number,
    reference,
    text,
)

_PhysicalNetwork = Annotated[str, Meta(max_length=64)]

SEGMENT = ResourceType(
    "segment",
    "segments",
    "/segments",
    policy.SEGMENTS,
    SegmentNotFound,
    (
        reference("network_id", "network_network", update=False, cascades=True),
        text("network_type", REQUIRED, Annotated[str, Meta(max_length=32)] | None, update=False, nullable=True),
        text("physical_network", None, _PhysicalNetwork, update=False),
        number("segmentation_id", default=None, update=False),
        hidden("fingerprint", None),
    ),
    in_use=SegmentInUse,
    standard=frozenset({"name", "description", "timestamps"}),
    has_null_texts=True,
    owned=False,
    unique=(("fingerprint",),),
)
