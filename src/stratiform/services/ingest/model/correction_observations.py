"""Observations of resources, which accompany a correction."""

from dataclasses import dataclass, field

from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class Observation:
    """Properties of a resource that were observed at the time of a correction. They count like those of a message.

    None, or a missing attribute, was not observed.
    """

    launched: Micros | None = None
    is_deleted: bool = False
    name: str | None = None
    project_id: str | None = None
    state: str | None = None
    attributes: dict[str, object] = field(default_factory=dict)
