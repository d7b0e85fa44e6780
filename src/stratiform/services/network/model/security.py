"""The security group that each project has: it lets out everything, and in only what comes from itself.

It is computed from the project's id, so it exists without ever having been written.
Source: Networking API v2.0, "Security groups"; neutron/db/securitygroups_db.py.
"""

from dataclasses import dataclass
from uuid import UUID, uuid5

_OURS = UUID("6f1c2a52-0f2c-4f0b-9d5e-0c7d1b8a4e10")


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """What a group lets through. `remote_group_id`: only from members of that group."""

    id: str
    project_id: str
    security_group_id: str
    direction: str
    ethertype: str
    remote_group_id: str | None


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A project's group named `default`."""

    id: str
    project_id: str
    rules: tuple[SecurityRule, ...]
    name: str = "default"
    description: str = "Default security group"


def default_group(project_id: str) -> SecurityGroup:
    group_id = str(uuid5(_OURS, f"group/{project_id}"))
    rules = tuple(
        SecurityRule(
            id=str(uuid5(_OURS, f"rule/{project_id}/{direction}/{ethertype}")),
            project_id=project_id,
            security_group_id=group_id,
            direction=direction,
            ethertype=ethertype,
            remote_group_id=group_id if direction == "ingress" else None,
        )
        for direction in ("egress", "ingress")
        for ethertype in ("IPv4", "IPv6")
    )
    return SecurityGroup(group_id, project_id, rules)
