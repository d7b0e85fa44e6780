"""Answers of the Network API. Source: Networking API v2.0."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from stratiform.kit.clock import iso_seconds
from stratiform.kit.pagination import Slice
from stratiform.services.network.model import IpAvailability, Network, Port, SecurityGroup, SecurityGroupRule, Subnet

Body = dict[str, Any]


def _standard(record: Network | Subnet | Port) -> Body:
    return {
        "id": record.id,
        "name": record.name,
        "description": record.description,
        "project_id": record.project_id,
        "tenant_id": record.project_id,
        "tags": record.tags,
        "created_at": iso_seconds(record.created_at),
        "updated_at": iso_seconds(record.updated_at),
        "revision_number": record.revision,
    }


def network(record: Network, subnets: Sequence[Subnet], zones: Sequence[str]) -> Body:
    return _standard(record) | {
        "admin_state_up": record.admin_state_up,
        "status": "ACTIVE",
        "subnets": [subnet.id for subnet in subnets],
        "shared": record.shared,
        "router:external": record.external,
        "is_default": record.is_default,
        "mtu": record.mtu,
        "port_security_enabled": record.port_security_enabled,
        "availability_zone_hints": [],
        "availability_zones": list(zones),
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
    }


def subnet(record: Subnet) -> Body:
    return _standard(record) | {
        "network_id": record.network_id,
        "ip_version": record.ip_version,
        "cidr": record.cidr,
        "gateway_ip": record.gateway_ip,
        "allocation_pools": record.allocation_pools,
        "enable_dhcp": record.enable_dhcp,
        "dns_nameservers": record.dns_nameservers,
        "host_routes": record.host_routes,
        "ipv6_address_mode": record.ipv6_address_mode,
        "ipv6_ra_mode": record.ipv6_ra_mode,
        "service_types": record.service_types,
        "subnetpool_id": None,
    }


def port(record: Port, *, everything: bool) -> Body:
    """`everything`: also what only the operator is shown."""
    body = _standard(record) | {
        "network_id": record.network_id,
        "admin_state_up": record.admin_state_up,
        "status": record.status,
        "mac_address": record.mac_address,
        "fixed_ips": record.fixed_ips,
        "device_id": record.device_id,
        "device_owner": record.device_owner,
        "security_groups": record.security_groups,
        "port_security_enabled": record.port_security_enabled,
        "allowed_address_pairs": [],
        "extra_dhcp_opts": [],
        "binding:vnic_type": record.vnic_type,
    }
    if everything:
        body |= {
            "binding:host_id": record.host,
            "binding:profile": record.profile,
            "binding:vif_type": "other" if record.device_id else "unbound",
            "binding:vif_details": {},
        }
    return body


def availability(record: IpAvailability) -> Body:
    return {
        "network_id": record.network.id,
        "network_name": record.network.name,
        "project_id": record.network.project_id,
        "tenant_id": record.network.project_id,
        "total_ips": record.total,
        "used_ips": record.used,
        "subnet_ip_availability": [
            {
                "subnet_id": item.subnet.id,
                "subnet_name": item.subnet.name,
                "cidr": item.subnet.cidr,
                "ip_version": item.subnet.ip_version,
                "total_ips": item.total,
                "used_ips": item.used,
            }
            for item in record.subnets
        ],
    }


def security_rule(rule: SecurityGroupRule) -> Body:
    return {
        "id": rule.id,
        "project_id": rule.project_id,
        "tenant_id": rule.project_id,
        "security_group_id": rule.security_group_id,
        "direction": rule.direction,
        "ethertype": rule.ethertype,
        "remote_group_id": rule.remote_group_id,
        "remote_ip_prefix": None,
        "remote_address_group_id": None,
        "protocol": None,
        "port_range_min": None,
        "port_range_max": None,
        "description": "",
        "tags": [],
    }


def security_group(group: SecurityGroup) -> Body:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "project_id": group.project_id,
        "tenant_id": group.project_id,
        "stateful": True,
        "shared": False,
        "tags": [],
        "security_group_rules": [security_rule(rule) for rule in group.rules],
    }


def only(body: Body, fields: Sequence[str]) -> Body:
    """What was asked for by `?fields=`; all, where nothing was."""
    return {name: value for name, value in body.items() if name in fields} if fields else body


def page(noun: str, url: str, query: Sequence[tuple[str, str]], found: Slice[Any], bodies: list[Body]) -> Body:
    """A list, with a link to the next page where there is one."""
    answer: Body = {noun: bodies}
    if found.more and bodies:
        rest = [(name, value) for name, value in query if name != "marker"]
        href = f"{url}?{urlencode([*rest, ('marker', found.items[-1].id)])}"
        answer[f"{noun}_links"] = [{"rel": "next", "href": href}]
    return answer
