"""Conversion of security group rules to EC2's permissions and back, one source or destination each.

VPCs of this connector have no IPv6 addresses, so rules for IPv6 have no effect and are left out.

Source: EC2 API reference (IpPermission).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import IpPermissionOutputTypeDef, IpPermissionTypeDef, SecurityGroupTypeDef

#: The protocols that EC2 has names for, and whose ports (types and codes of ICMP) it filters.
_NAMES = {"1": "icmp", "6": "tcp", "17": "udp"}
_WITH_PORTS = ("icmp", "tcp", "udp")

#: The numbers of Neutron's names for other protocols. Source: neutron_lib/constants.py (IP_PROTOCOL_MAP).
_NUMBERS = {
    "ah": "51",
    "dccp": "33",
    "egp": "8",
    "esp": "50",
    "gre": "47",
    "hopopt": "0",
    "igmp": "2",
    "ip": "0",
    "ipip": "4",
    "ospf": "89",
    "pgm": "113",
    "rsvp": "46",
    "sctp": "132",
    "udplite": "136",
    "vrrp": "112",
}

_ANY_PROTOCOL, _ANY_ICMP, _LAST_PORT = "-1", -1, 65535
_EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """Traffic that a group allows. `source` is a CIDR, or the native id of a group; also a destination of egress."""

    protocol: str
    source: str
    first: int = _ANY_ICMP
    last: int = _ANY_ICMP

    def build(self) -> "IpPermissionTypeDef":
        permission: IpPermissionTypeDef = {"IpProtocol": self.protocol}
        if self.protocol in _WITH_PORTS:
            permission |= {"FromPort": self.first, "ToPort": self.last}
        if self.source.startswith("sg-"):
            permission["UserIdGroupPairs"] = [{"GroupId": self.source}]
        else:
            permission["IpRanges"] = [{"CidrIp": self.source}]
        return permission


ALL_TRAFFIC = Permission(_ANY_PROTOCOL, _EVERYWHERE)


def parse_rules(rules: Sequence[Mapping[str, Any]], direction: str, resolve: Callable[[str], str]) -> set[Permission]:
    """Return the permissions of rules; `resolve` returns the native id of a group in the same VPC."""
    return {
        _build_permission(rule, source)
        for rule in rules
        if rule["direction"] == direction and rule["ethertype"] == "IPv4"
        for source in _list_sources(rule, resolve)
    }


def list_permissions(group: "SecurityGroupTypeDef", direction: str) -> set[Permission]:
    """Return the permissions that a group has."""
    items = group["IpPermissions"] if direction == "ingress" else group["IpPermissionsEgress"]
    return {permission for item in items for permission in _split(item)}


def _list_sources(rule: Mapping[str, Any], resolve: Callable[[str], str]) -> Sequence[str]:
    if rule.get("remote_group_id"):
        return [resolve(rule["remote_group_id"])]
    if rule.get("remote_address_group_id"):
        return [address for address in rule["remote_addresses"] if ":" not in address]
    prefix = rule.get("remote_ip_prefix") or _EVERYWHERE
    return [str(ip_network(prefix, strict=False))]


def _build_permission(rule: Mapping[str, Any], source: str) -> Permission:
    protocol = str(rule["protocol"] or _ANY_PROTOCOL)
    protocol = _NAMES.get(protocol, _NUMBERS.get(protocol, protocol))
    first, last = rule.get("port_range_min"), rule.get("port_range_max")
    if protocol in ("tcp", "udp"):
        first = 0 if first is None else first
        return Permission(protocol, source, first, _LAST_PORT if last is None else last)
    if protocol in _WITH_PORTS:
        return Permission(protocol, source, _any_if_none(first), _any_if_none(last))
    return Permission(protocol, source)


def _any_if_none(value: int | None) -> int:
    return _ANY_ICMP if value is None else value


def _split(item: "IpPermissionOutputTypeDef") -> Iterator[Permission]:
    protocol = _NAMES.get(item["IpProtocol"], item["IpProtocol"])
    first, last = _ANY_ICMP, _ANY_ICMP
    if protocol in _WITH_PORTS:
        first, last = item.get("FromPort", _ANY_ICMP), item.get("ToPort", _ANY_ICMP)
    sources = [
        *(pair["GroupId"] for pair in item.get("UserIdGroupPairs", ())),
        *(entry["CidrIp"] for entry in item.get("IpRanges", ())),
    ]
    return (Permission(protocol, source, first, last) for source in sources)
