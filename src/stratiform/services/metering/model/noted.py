"""A segment with what else is known of it."""

from typing import Any

import msgspec

from stratiform.kit.clock import Micros


class Noted(msgspec.Struct, frozen=True, gc=False):
    """A segment (see `Segment`) with the last labels of its resource, and since when the ledger knows it so.

    `attributes` and `tags` are one object for all segments where they are equal; nobody may change them.
    """

    cloud: str
    resource_type: str
    resource_id: str
    project_id: str
    start: Micros
    end: Micros | None
    state: str
    attributes: dict[str, Any]
    name: str
    tags: dict[str, str]
    recorded_at: Micros
