"""Conversion of security group rules to those of VPC and back, one source or destination each.

Networks of this connector have no IPv6 addresses, so rules for IPv6 have no effect and are left out.

Source: VPC API reference (SecurityGroupRuleSpec).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from yandex.cloud.vpc.v1.security_group_pb2 import CidrBlocks, PortRange, SecurityGroupRule
from yandex.cloud.vpc.v1.security_group_service_pb2 import SecurityGroupRuleSpec

from stratiform.contract.errors import RequestRejected
from stratiform.kit.number_parsing import parse_uint

#: The numbers of Neutron's names for protocols. Source: neutron_lib/constants.py (IP_PROTOCOL_MAP).
_NUMBERS = {
    "ah": 51,
    "dccp": 33,
    "egp": 8,
    "esp": 50,
    "gre": 47,
    "hopopt": 0,
    "icmp": 1,
    "igmp": 2,
    "ip": 0,
    "ipip": 4,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}

_ANY = -1
_FIRST_PORT, _LAST_PORT = 0, 65535
_WITH_PORTS = (6, 17)
_EVERYWHERE = "0.0.0.0/0"
_DIRECTIONS = {"ingress": SecurityGroupRule.INGRESS, "egress": SecurityGroupRule.EGRESS}


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """Traffic that a group allows. `protocol` is a number, or -1 for all; so are the ports.

    `target` is a CIDR, or the native id of a group: the source of incoming, the destination of outgoing traffic.
    """

    direction: "SecurityGroupRule.Direction.ValueType"
    protocol: int
    target: str
    first: int = _ANY
    last: int = _ANY

    def build(self) -> SecurityGroupRuleSpec:
        spec = SecurityGroupRuleSpec(direction=self.direction)
        if self.protocol == _ANY:
            spec.protocol_name = "ANY"
        else:
            spec.protocol_number = self.protocol
        if self.first != _ANY:
            spec.ports.CopyFrom(PortRange(from_port=self.first, to_port=self.last))
        if "/" in self.target:
            spec.cidr_blocks.CopyFrom(CidrBlocks(v4_cidr_blocks=[self.target]))
        else:
            spec.security_group_id = self.target
        return spec


ALL_TRAFFIC = frozenset(Permission(direction, _ANY, _EVERYWHERE) for direction in _DIRECTIONS.values())


def parse_rules(rules: Sequence[Mapping[str, Any]], resolve: Callable[[str], str]) -> set[Permission]:
    """Return the permissions of rules; `resolve` returns the native id of a group in the same network."""
    return {
        _build_permission(rule, target)
        for rule in rules
        if rule["ethertype"] == "IPv4"
        for target in _list_targets(rule, resolve)
    }


def list_permissions(rule: SecurityGroupRule, group_id: str) -> set[Permission]:
    """Return the permissions of a rule of a group; empty for rules that this module does not write."""
    protocol = _ANY if rule.protocol_name in ("ANY", "") and not rule.protocol_number else rule.protocol_number
    if protocol == 0 and rule.protocol_name:
        protocol = _NUMBERS.get(rule.protocol_name.lower(), 0)
    first, last = (rule.ports.from_port, rule.ports.to_port) if rule.HasField("ports") else (_ANY, _ANY)
    if protocol in _WITH_PORTS and first == _ANY:
        first, last = _FIRST_PORT, _LAST_PORT
    return {Permission(rule.direction, protocol, target, first, last) for target in _read_targets(rule, group_id)}


def _read_targets(rule: SecurityGroupRule, group_id: str) -> Iterator[str]:
    if rule.predefined_target == "self_security_group":
        yield group_id
    elif rule.security_group_id:
        yield rule.security_group_id
    else:
        yield from rule.cidr_blocks.v4_cidr_blocks


def _list_targets(rule: Mapping[str, Any], resolve: Callable[[str], str]) -> Iterable[str]:
    if rule.get("remote_group_id"):
        return [resolve(rule["remote_group_id"])]
    if rule.get("remote_address_group_id"):
        return [address for address in rule["remote_addresses"] if ":" not in address]
    prefix = rule.get("remote_ip_prefix") or _EVERYWHERE
    return [str(ip_network(prefix, strict=False))]


def _get_number(protocol: object) -> int:
    """Return the number of a protocol: a name, a number as text, or None. Raises: RequestRejected."""
    if protocol is None:
        return _ANY
    number = _NUMBERS.get(str(protocol), parse_uint(str(protocol)))
    if number is None:
        raise RequestRejected(f"unknown protocol '{protocol}' in a security group rule")
    return number


def _build_permission(rule: Mapping[str, Any], target: str) -> Permission:
    direction, protocol = _DIRECTIONS[rule["direction"]], _get_number(rule["protocol"])
    if protocol not in _WITH_PORTS:
        return Permission(direction, protocol, target)
    first, last = rule.get("port_range_min"), rule.get("port_range_max")
    return Permission(
        direction, protocol, target, _FIRST_PORT if first is None else first, _LAST_PORT if last is None else last
    )
