"""The default security group: it allows all egress, and ingress from its own members.

It is derived from the project's id, so it exists for every project without being stored.
Source: Networking API v2.0, "Security groups"; neutron/db/securitygroups_db.py.
"""

from dataclasses import dataclass
from uuid import UUID, uuid5

_NAMESPACE = UUID("6f1c2a52-0f2c-4f0b-9d5e-0c7d1b8a4e10")


@dataclass(frozen=True, slots=True)
class SecurityGroupRule:
    """Allowed traffic. With `remote_group_id`, only from ports in that group."""

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
    rules: tuple[SecurityGroupRule, ...]
    name: str = "default"
    description: str = "Default security group"


def get_default_security_group_id(project_id: str) -> str:
    return str(uuid5(_NAMESPACE, f"group/{project_id}"))


def build_default_security_group(project_id: str) -> SecurityGroup:
    group_id = get_default_security_group_id(project_id)
    rules = tuple(
        SecurityGroupRule(
            id=str(uuid5(_NAMESPACE, f"rule/{project_id}/{direction}/{ethertype}")),
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
