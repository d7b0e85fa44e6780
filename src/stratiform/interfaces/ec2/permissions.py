"""Permissions of security groups: from parameters to rules of the Networking API, and back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stratiform.interfaces.ec2.errors import Ec2Error, InvalidParameterValue
from stratiform.interfaces.ec2.parameters import Parameters, parse_id
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.services.compute.model.ec2_ids import encode_ec2_id
from stratiform.services.network.model import Resource

_ALL = "-1"
_ANY_PORT, _LAST_PORT = -1, 65535
_ICMP = ("icmp", "icmpv6", "ipv6-icmp", "1", "58")


@dataclass(frozen=True, slots=True)
class Permission:
    """One rule: protocol, ports (types and codes for ICMP), and a CIDR or the id of a security group."""

    protocol: str | None
    first: int | None
    last: int | None
    cidr: str | None = None
    group_id: str | None = None

    def build_values(self, security_group_id: str, direction: str) -> dict[str, object]:
        """Return the attributes of a rule."""
        return {
            "security_group_id": security_group_id,
            "direction": direction,
            "ethertype": "IPv6" if self.cidr and ":" in self.cidr else "IPv4",
            "protocol": self.protocol,
            "port_range_min": self.first,
            "port_range_max": self.last,
            "remote_ip_prefix": self.cidr,
            "remote_group_id": self.group_id,
        }

    def matches(self, rule: Resource, direction: str) -> bool:
        """Return True if a rule has these attributes. A rule without a prefix allows all addresses."""
        any_address = "::/0" if rule["ethertype"] == "IPv6" else "0.0.0.0/0"
        remote = None if rule["remote_group_id"] else rule["remote_ip_prefix"] or any_address
        return (
            rule["direction"] == direction
            and (rule["protocol"], rule["port_range_min"], rule["port_range_max"])
            == (self.protocol, self.first, self.last)
            and (rule["remote_group_id"], remote) == (self.group_id, self.cidr)
        )


def parse_permissions(parameters: Parameters) -> list[Permission]:
    """Return the permissions of `IpPermissions.N`, or of the older parameters. Raises Ec2Error."""
    structures = parameters.list_structures("IpPermissions")
    permissions = [permission for members in structures for permission in _parse_structure(members)]
    if not structures and parameters.get("IpProtocol"):
        first, last = _parse_ports(parameters)
        cidr = parameters.require("CidrIp")
        permissions = [Permission(_parse_protocol(parameters), first, last, cidr)]
    if not permissions:
        raise Ec2Error("MissingParameter", "The request must contain the parameter IpPermissions")
    return permissions


def build_permissions(rules: Iterable[Resource], owner_id: str) -> list[Value]:
    """Return rules grouped by protocol and ports."""
    grouped: dict[tuple[str, int | None, int | None], list[Resource]] = {}
    for rule in rules:
        key = (rule["protocol"] or _ALL, *_describe_ports(rule))
        grouped.setdefault(key, []).append(rule)
    return [
        {
            "ipProtocol": protocol,
            "fromPort": first,
            "toPort": last,
            "groups": [
                {"groupId": encode_ec2_id("sg", rule["remote_group_id"]), "userId": owner_id}
                for rule in members
                if rule["remote_group_id"]
            ],
            "ipRanges": [{"cidrIp": cidr} for cidr in _list_cidrs(members, "IPv4")],
            "ipv6Ranges": [{"cidrIpv6": cidr} for cidr in _list_cidrs(members, "IPv6")],
            "prefixListIds": [],
        }
        for (protocol, first, last), members in grouped.items()
    ]


def build_rule(rule: Resource) -> Mapping[str, Value]:
    """Return one rule, as in `DescribeSecurityGroupRules`."""
    first, last = _describe_ports(rule)
    is_ipv6, group_id = rule["ethertype"] == "IPv6", rule["remote_group_id"]
    cidr = None if group_id else rule["remote_ip_prefix"] or ("::/0" if is_ipv6 else "0.0.0.0/0")
    return {
        "securityGroupRuleId": encode_ec2_id("sgr", rule.id),
        "groupId": encode_ec2_id("sg", rule["security_group_id"]),
        "groupOwnerId": rule.project_id,
        "isEgress": rule["direction"] == "egress",
        "ipProtocol": rule["protocol"] or _ALL,
        "fromPort": _ANY_PORT if first is None else first,
        "toPort": _ANY_PORT if last is None else last,
        "cidrIpv4": None if is_ipv6 else cidr,
        "cidrIpv6": cidr if is_ipv6 else None,
        "referencedGroupInfo": {"groupId": encode_ec2_id("sg", group_id)} if group_id else None,
        "description": rule.description,
        "tagSet": [],
    }


def _parse_structure(members: Parameters) -> Iterable[Permission]:
    protocol = _parse_protocol(members)
    first, last = _parse_ports(members)
    for name, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        for item in members.list_structures(name):
            yield Permission(protocol, first, last, cidr=item.require(key))
    for name in ("Groups", "UserIdGroupPairs"):
        for item in members.list_structures(name):
            yield Permission(protocol, first, last, group_id=parse_id("sg", item.require("GroupId")))


def _parse_protocol(members: Parameters) -> str | None:
    protocol = members.require("IpProtocol").lower()
    return None if protocol in (_ALL, "all") else protocol


def _parse_ports(members: Parameters) -> tuple[int | None, int | None]:
    """Return the first and the last port; None for all."""
    protocol = members.get("IpProtocol").lower()
    first, last = _parse_port(members, "FromPort"), _parse_port(members, "ToPort")
    is_all = protocol in (_ALL, "all") or (protocol not in _ICMP and (first, last) in ((0, _LAST_PORT), (None, None)))
    return (None, None) if is_all else (first, last)


def _parse_port(members: Parameters, name: str) -> int | None:
    text = members.get(name)
    if text in ("", "-1"):
        return None
    port = members.get_number(name, 0)
    if port > _LAST_PORT:
        raise InvalidParameterValue(members.prefix + name, text)
    return port


def _describe_ports(rule: Resource) -> tuple[int | None, int | None]:
    """Return the ports as EC2 shows them: all ports of TCP and UDP are 0 to 65535."""
    first, last = rule["port_range_min"], rule["port_range_max"]
    if rule["protocol"] is None:
        return None, None
    if rule["protocol"] in _ICMP:
        return (_ANY_PORT if first is None else first), (_ANY_PORT if last is None else last)
    return (0 if first is None else first), (_LAST_PORT if last is None else last)


def _list_cidrs(rules: Sequence[Resource], ethertype: str) -> list[str]:
    any_address = "::/0" if ethertype == "IPv6" else "0.0.0.0/0"
    return [
        rule["remote_ip_prefix"] or any_address
        for rule in rules
        if rule["ethertype"] == ethertype and not rule["remote_group_id"]
    ]
