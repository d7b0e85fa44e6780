"""Security groups and their rules. Source: nova/network/security_group_api.py."""

from collections.abc import Mapping
from typing import Any

from stratiform.interfaces.openstack.compute.schemas import security_groups as schemas

#: The ports of rules that allow all of them.
_ALL_PORTS = (1, 65535)
_ANY = -1


def security_group(body: Mapping[str, Any]) -> schemas.SecurityGroup:
    """Return a group with its rules for ingress; nova-network had no others."""
    return schemas.SecurityGroup(
        id=body["id"],
        name=body["name"],
        tenant_id=body["tenant_id"],
        description=body["description"],
        rules=[security_group_rule(rule) for rule in body["security_group_rules"] if rule["direction"] == "ingress"],
    )


def security_group_rule(body: Mapping[str, Any]) -> schemas.SecurityGroupRule:
    first, last = _ports(body)
    rule = schemas.SecurityGroupRule(
        id=body["id"],
        parent_group_id=body["security_group_id"],
        ip_protocol=body["protocol"],
        from_port=first,
        to_port=last,
    )
    if body["remote_group_id"] is not None:
        rule.group = {"name": body["remote_group_name"], "tenant_id": body["tenant_id"]}
    else:
        everything = "::/0" if body["ethertype"] == "IPv6" else "0.0.0.0/0"
        rule.ip_range = {"cidr": body["remote_ip_prefix"] or everything}
    return rule


def _ports(body: Mapping[str, Any]) -> tuple[int | None, int | None]:
    if body["port_range_min"] is not None or body["port_range_max"] is not None:
        return body["port_range_min"], body["port_range_max"]
    if body["protocol"] is None:
        return None, None
    return _ALL_PORTS if body["protocol"] in ("tcp", "udp") else (_ANY, _ANY)
