"""Security groups and their rules, and the default group of each project.

The id of a default group is derived from the project's, so that concurrent requests create it once.
Source: Networking API v2.0, "Security groups"; neutron/db/securitygroups_db.py.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any
from uuid import UUID, uuid5

from stratiform.kit.number_parsing import parse_uint
from stratiform.services.network.errors import InvalidInput
from stratiform.services.network.errors.security_groups import (
    InvalidEthertype,
    InvalidEthertypeForProtocol,
    InvalidIcmpValue,
    InvalidPortRange,
    InvalidPortValue,
    InvalidProtocolForPorts,
    InvalidSecurityGroupRuleProtocol,
    MissingIcmpType,
    ProtocolRequiredWithPorts,
    RemoteGroupAndPrefix,
    SecurityGroupRuleParameterConflict,
)

DEFAULT_NAME = "default"
DEFAULT_DESCRIPTION = "Default security group"
ETHERTYPES = ("IPv4", "IPv6")

#: A value of `remote_group_id` of a template: the group that the rule is created for.
PARENT = "PARENT"

#: The templates of a new installation: direction, groups other than `default` get the rule, `remote_group_id`.
INITIAL_TEMPLATES = (("egress", True, None), ("ingress", False, PARENT))

_NAMESPACE = UUID("6f1c2a52-0f2c-4f0b-9d5e-0c7d1b8a4e10")

#: The IP protocol numbers of Neutron's names. Source: neutron_lib/constants.py (IP_PROTOCOL_MAP).
PROTOCOL_NUMBERS: Mapping[str, int] = {
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
    "ipv6-encap": 41,
    "ipv6-frag": 44,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
    "ipv6-route": 43,
    "ospf": 89,
    "pgm": 113,
    "rsvp": 46,
    "sctp": 132,
    "tcp": 6,
    "udp": 17,
    "udplite": 136,
    "vrrp": 112,
}

_WITH_PORTS = ("dccp", "sctp", "tcp", "udp", "udplite")
_ICMP_NUMBERS = (1, 58)
_IPV6_ONLY_NUMBERS = (41, 43, 44, 58, 59, 60)
_LAST_PROTOCOL = 255
_LAST_PORT = 65535
_LAST_ICMP_VALUE = 255


def get_default_security_group_id(project_id: str) -> str:
    return str(uuid5(_NAMESPACE, f"group/{project_id}"))


def get_default_rule_id(project_id: str, template_id: str) -> str:
    """Return the id of the rule that the default group of a project gets from a template."""
    return str(uuid5(_NAMESPACE, f"rule/{project_id}/{template_id}"))


def parse_protocol(protocol: object) -> str | None:
    """Return the name of a protocol, or its number as text. Raises InvalidSecurityGroupRuleProtocol."""
    if protocol is None:
        return None
    name = str(protocol).lower()
    if name in ("any", ""):
        return None
    if name in PROTOCOL_NUMBERS:
        return name
    value = parse_uint(name)
    if value is None or value > _LAST_PROTOCOL:
        raise InvalidSecurityGroupRuleProtocol(str(protocol), sorted(PROTOCOL_NUMBERS))
    return str(value)


def get_protocol_number(protocol: str) -> int:
    return PROTOCOL_NUMBERS[protocol] if protocol in PROTOCOL_NUMBERS else int(protocol)


def check_rule(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a new rule in Neutron's form. Raises the errors that this module imports."""
    rule = dict(values)
    rule["ethertype"] = _parse_ethertype(rule["ethertype"])
    rule["protocol"] = parse_protocol(rule["protocol"])
    _check_ethertype(rule["ethertype"], rule["protocol"])
    _check_ports(rule["protocol"], rule["port_range_min"], rule["port_range_max"])
    remotes = ("remote_group_id", "remote_ip_prefix", "remote_address_group_id")
    if sum(rule.get(name) is not None for name in remotes) > 1:
        raise RemoteGroupAndPrefix
    rule["remote_ip_prefix"] = _parse_prefix(rule["remote_ip_prefix"], rule["ethertype"])
    return rule


def build_fingerprint(values: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return a text that two rules of a group have in common if and only if they allow the same traffic."""
    protocol = values["protocol"]
    number = "" if protocol is None else str(get_protocol_number(protocol))
    fields = ["" if values[name] is None else str(values[name]) for name in names]
    return "|".join([number, *fields])


def _parse_ethertype(ethertype: str) -> str:
    for name in ETHERTYPES:
        if name.lower() == ethertype.lower():
            return name
    raise InvalidEthertype(ethertype, ETHERTYPES)


def _check_ethertype(ethertype: str, protocol: str | None) -> None:
    if protocol is not None and ethertype == "IPv4" and get_protocol_number(protocol) in _IPV6_ONLY_NUMBERS:
        raise InvalidEthertypeForProtocol(ethertype, protocol)


def _check_ports(protocol: str | None, first: int | None, last: int | None) -> None:
    if first is None and last is None:
        return
    if protocol is None:
        raise ProtocolRequiredWithPorts
    number = get_protocol_number(protocol)
    if number in _ICMP_NUMBERS:
        _check_icmp(first, last)
    elif number in {PROTOCOL_NUMBERS[name] for name in _WITH_PORTS}:
        for port in (first, last):
            if port is not None and not 0 <= port <= _LAST_PORT:
                raise InvalidPortValue(port)
        if first is None or last is None or first > last:
            raise InvalidPortRange
        if first == 0:
            raise InvalidPortValue(0)
    else:
        raise InvalidProtocolForPorts(protocol, _WITH_PORTS)


def _check_icmp(icmp_type: int | None, code: int | None) -> None:
    for field, name, value in (("type", "port_range_min", icmp_type), ("code", "port_range_max", code)):
        if value is not None and not 0 <= value <= _LAST_ICMP_VALUE:
            raise InvalidIcmpValue(field, name, value)
    if icmp_type is None and code is not None:
        raise MissingIcmpType(code)


def _parse_prefix(prefix: str | None, ethertype: str) -> str | None:
    """Return a CIDR; an address is a network of one address."""
    if prefix is None:
        return None
    try:
        network = ip_network(prefix, strict=False)
    except ValueError as error:
        raise InvalidInput(f"'{prefix}' is not a valid CIDR") from error
    if f"IPv{network.version}" != ethertype:
        raise SecurityGroupRuleParameterConflict(ethertype, prefix)
    return prefix if "/" in prefix else str(network)
