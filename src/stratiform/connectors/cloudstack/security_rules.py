"""Rules of security groups in the form of CloudStack.

A rule of ours may be several rules there. CloudStack refuses overlapping ranges of ports for the same source in a
firewall, so such ranges are merged.
Source: CloudStack API reference (authorizeSecurityGroupIngress, createFirewallRule, createEgressFirewallRule).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from stratiform.connectors.cloudstack.responses import read_int

ALL, TCP, UDP, ICMP = "all", "tcp", "udp", "icmp"

_PROTOCOLS = {None: ALL, "any": ALL, "0": ALL, "6": TCP, "17": UDP, "1": ICMP, "tcp": TCP, "udp": UDP, "icmp": ICMP}
_ANYWHERE = "0.0.0.0/0"
_FIRST_PORT, _LAST_PORT, _ANY_ICMP = 1, 65535, -1


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """Traffic that is allowed: of a protocol, with a range of ports (or ICMP type and code), from or to `cidr`.

    `group` is the native name of a group instead of a CIDR.
    """

    protocol: str
    first: int
    last: int
    cidr: str = ""
    group: str = ""

    def build(self) -> dict[str, object]:
        """Return the parameters of the protocol and the ports."""
        if self.protocol == ALL:
            return {"protocol": ALL}
        if self.protocol == ICMP:
            return {"protocol": ICMP, "icmptype": self.first, "icmpcode": self.last}
        return {"protocol": self.protocol, "startport": self.first, "endport": self.last}


#: The only permission of a group that allows no outgoing traffic: without any, CloudStack allows all.
NO_EGRESS = Permission(TCP, 1, 1, "127.0.0.1/32")

#: All traffic.
EVERYTHING = Permission(ALL, 0, 0, _ANYWHERE)


def parse_rules(
    rules: Iterable[Mapping[str, Any]], direction: str, resolve_group: Callable[[str], str]
) -> set[Permission]:
    """Return the permissions of Neutron's rules of a direction; those of IPv6 have no effect on CloudStack."""
    permissions: set[Permission] = set()
    for rule in rules:
        if rule["direction"] == direction and rule["ethertype"] == "IPv4":
            permissions |= set(_parse_rule(rule, resolve_group))
    return permissions


def read_permission(item: Mapping[str, Any]) -> Permission:
    """Return the permission of a rule in a response, which has one CIDR."""
    protocol = str(item.get("protocol", ALL)).lower()
    names = ("icmptype", "icmpcode") if protocol == ICMP else ("startport", "endport")
    default = _ANY_ICMP if protocol == ICMP else 0
    first, last = (read_int(item.get(name), default) for name in names)
    if protocol == ALL:
        first = last = 0
    cidr = str(item.get("cidr") or item.get("cidrlist") or "")
    return Permission(protocol, first, last, cidr, str(item.get("securitygroupname") or ""))


def expand_protocols(permissions: Iterable[Permission]) -> Iterator[Permission]:
    """Replace permissions of all protocols by those that a firewall rule of a public address can have."""
    for permission in permissions:
        if permission.protocol == ALL:
            yield replace(permission, protocol=TCP, first=_FIRST_PORT, last=_LAST_PORT)
            yield replace(permission, protocol=UDP, first=_FIRST_PORT, last=_LAST_PORT)
            yield replace(permission, protocol=ICMP, first=_ANY_ICMP, last=_ANY_ICMP)
        else:
            yield permission


def merge_ports(permissions: Iterable[Permission]) -> set[Permission]:
    """Merge overlapping and adjacent ranges of ports of one protocol and CIDR."""
    merged: set[Permission] = set()
    current: Permission | None = None
    for permission in sorted(set(permissions), key=lambda item: (item.protocol, item.cidr, item.first, item.last)):
        if permission.protocol not in (TCP, UDP):
            merged.add(permission)
            continue
        is_next = current is not None and (current.protocol, current.cidr) == (permission.protocol, permission.cidr)
        if current is not None and is_next and permission.first <= current.last + 1:
            current = replace(current, last=max(current.last, permission.last))
            continue
        if current is not None:
            merged.add(current)
        current = permission
    return _without_covered_icmp(merged | ({current} if current is not None else set()))


def _without_covered_icmp(permissions: set[Permission]) -> set[Permission]:
    """Remove ICMP types from sources that may send all types."""
    everything = {item.cidr for item in permissions if item.protocol == ICMP and item.first == _ANY_ICMP}
    return {
        item for item in permissions if item.protocol != ICMP or item.first == _ANY_ICMP or item.cidr not in everything
    }


def _parse_rule(rule: Mapping[str, Any], resolve_group: Callable[[str], str]) -> Iterator[Permission]:
    protocol = _PROTOCOLS[rule["protocol"]]
    first, last = rule["port_range_min"], rule["port_range_max"]
    if protocol == ALL:
        first = last = 0
    elif protocol == ICMP:
        first = _ANY_ICMP if first is None else first
        last = _ANY_ICMP if last is None else last
    else:
        first = _FIRST_PORT if first is None else max(first, _FIRST_PORT)
        last = _LAST_PORT if last is None else last
    if rule.get("remote_group_id"):
        yield Permission(protocol, first, last, group=resolve_group(rule["remote_group_id"]))
        return
    if rule.get("remote_address_group_id"):
        cidrs = [str(ip_network(address, strict=False)) for address in rule.get("remote_addresses") or ()]
    else:
        cidrs = [str(ip_network(rule.get("remote_ip_prefix") or _ANYWHERE, strict=False))]
    for cidr in cidrs:
        if ":" not in cidr:
            yield Permission(protocol, first, last, cidr)
