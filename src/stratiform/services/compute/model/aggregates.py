"""Host aggregates. Source: Compute API reference, "Host aggregates (os-aggregates)"."""

from dataclasses import dataclass, field

from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A group of hosts, each of which is a cloud. It describes them, and does not affect where servers are created."""

    id: int
    uuid: str
    name: str
    availability_zone: str | None
    created_at: Micros
    updated_at: Micros | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    hosts: list[str] = field(default_factory=list)
