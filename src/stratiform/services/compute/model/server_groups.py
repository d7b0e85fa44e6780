"""Server groups: which servers are placed together or apart. Source: Compute API reference, "Server groups"."""

from dataclasses import dataclass, field
from typing import TypedDict

from stratiform.kit.clock import Micros

POLICIES = ("anti-affinity", "affinity")

#: Policies that prefer a placement, but do not require it; since 2.15.
SOFT_POLICIES = ("soft-anti-affinity", "soft-affinity")


class ServerGroupRules(TypedDict, total=False):
    """Parameters of the policy `anti-affinity`."""

    max_server_per_host: int


@dataclass(frozen=True, slots=True)
class ServerGroup:
    """A group of servers with a policy."""

    id: str
    project_id: str
    user_id: str
    name: str
    policy: str
    rules: ServerGroupRules
    created_at: Micros


@dataclass(frozen=True, slots=True)
class ServerGroupDetail:
    """A group with the ids of its servers."""

    group: ServerGroup
    members: list[str] = field(default_factory=list)
