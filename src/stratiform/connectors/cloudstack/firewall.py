"""The firewall of an isolated network, which applies the security groups of its servers.

- Incoming: the firewall rules of each floating IP are the ingress rules of the groups of its server.
- Outgoing: the egress rules of the network are those of the groups of its servers, from the address of each server, if
  a router with a gateway serves the network.

Traffic between servers of a network does not pass the virtual router, so CloudStack cannot filter it.
See docs/decisions/0048-routing-objects-on-cloudstack.md.
Source: CloudStack API reference (createFirewallRule, createEgressFirewallRule).
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack import markers
from stratiform.connectors.cloudstack.memberships import list_memberships
from stratiform.connectors.cloudstack.responses import read_int
from stratiform.connectors.cloudstack.security_rules import (
    ALL,
    Permission,
    expand_protocols,
    merge_ports,
    read_permission,
)

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item
    from stratiform.connectors.cloudstack.security_groups import SecurityGroups

#: The suffix of the router's tag on a network that the router connects to an external one.
GATEWAY_SUFFIX = ":gateway"

Permissions = tuple[set[Permission], set[Permission]]


class Firewall:
    """Firewall rules of the isolated networks of this installation."""

    def __init__(self, client: "Client", groups: "SecurityGroups") -> None:
        self._client = client
        self._groups = groups

    def synchronize(self, network_id: str) -> None:
        """Create and delete rules, so that a network has exactly those of the groups of its servers."""
        network = self._client.find_item("listNetworks", "network", id=network_id)
        if network is None or not markers.find_token(network, self._client.installation_id):
            return
        permissions = self._list_permissions(network_id)
        for address in self._list_public_addresses(network_id):
            self._set_ingress(address, self._build_ingress(address, permissions))
        if not self._has_open_egress(network):
            self._set_egress(network, permissions)

    def _list_permissions(self, network_id: str) -> dict[str, Permissions]:
        """Return the permissions of each address of the servers in a network."""
        groups = self._groups.list_permissions()
        permissions: dict[str, Permissions] = {}
        for vm in self._client.list_all("listVirtualMachines", "virtualmachine", networkid=network_id):
            memberships = list_memberships(vm)
            for nic in vm.get("nic") or ():
                if str(nic.get("networkid")) == network_id:
                    address = str(nic.get("ipaddress"))
                    items = [groups[group] for group in memberships.get(address, ()) if group in groups]
                    permissions[address] = (
                        {permission for ingress, _ in items for permission in ingress},
                        {permission for _, egress in items for permission in egress},
                    )
        return permissions

    def _list_public_addresses(self, network_id: str) -> "list[Item]":
        """Return the floating IPs of a network."""
        addresses = self._client.list_all("listPublicIpAddresses", "publicipaddress", associatednetworkid=network_id)
        return [address for address in addresses if not address.get("issourcenat")]

    def _build_ingress(self, address: "Item", permissions: dict[str, Permissions]) -> set[Permission]:
        """Return the permissions of a public address: those of its server, or of the targets of its forwardings."""
        if address.get("isstaticnat"):
            ingress, _ = permissions.get(str(address.get("vmipaddress")), (set(), set()))
            return merge_ports(expand_protocols(item for item in ingress if item.cidr))
        translated = set()
        for rule in self._client.list_all("listPortForwardingRules", "portforwardingrule", ipaddressid=address["id"]):
            ingress, _ = permissions.get(str(rule.get("vmguestip")), (set(), set()))
            private, public = read_int(rule["privateport"]), read_int(rule["publicport"])
            for item in expand_protocols(ingress):
                if item.cidr and item.protocol == rule["protocol"] and item.first <= private <= item.last:
                    translated.add(replace(item, first=public, last=public))
        return merge_ports(translated)

    def _set_ingress(self, address: "Item", desired: set[Permission]) -> None:
        rules = self._client.list_all("listFirewallRules", "firewallrule", ipaddressid=address["id"])
        current = {read_permission(rule): rule for rule in rules}
        self._delete("deleteFirewallRule", [rule for item, rule in current.items() if item not in desired])
        added = sorted(desired - current.keys())
        self._client.wait_for_jobs(
            [
                self._client.request(
                    "createFirewallRule", ipaddressid=address["id"], cidrlist=item.cidr, **item.build()
                )
                for item in added
            ]
        )

    def _set_egress(self, network: "Item", permissions: dict[str, Permissions]) -> None:
        """A permission of outgoing traffic has the address of the server as CIDR, and the destination as group."""
        desired: set[Permission] = set()
        if markers.read_tags(network).get(markers.ROUTER, "").endswith(GATEWAY_SUFFIX):
            for address, (_, egress) in permissions.items():
                merged = merge_ports(item for item in egress if item.cidr)
                desired |= {replace(item, cidr=f"{address}/32", group=item.cidr) for item in _without_covered(merged)}
        rules = self._client.list_all("listEgressFirewallRules", "firewallrule", networkid=network["id"])
        current = {replace(read_permission(rule), group=str(rule.get("destcidrlist") or "")): rule for rule in rules}
        self._delete("deleteEgressFirewallRule", [rule for item, rule in current.items() if item not in desired])
        self._client.wait_for_jobs(
            [
                self._client.request(
                    "createEgressFirewallRule",
                    networkid=network["id"],
                    cidrlist=item.cidr,
                    destcidrlist=item.group,
                    **item.build(),
                )
                for item in sorted(desired - current.keys())
            ]
        )

    def _has_open_egress(self, network: "Item") -> bool:
        """Return True if the offering allows all outgoing traffic: egress rules would then forbid traffic."""
        offering = self._client.find_item(
            "listNetworkOfferings", "networkoffering", id=network.get("networkofferingid")
        )
        return bool(offering and offering.get("egressdefaultpolicy"))

    def _delete(self, command: str, rules: "Iterable[Item]") -> None:
        self._client.wait_for_jobs([self._client.request(command, id=rule["id"]) for rule in rules])


def _without_covered(permissions: set[Permission]) -> set[Permission]:
    """Remove permissions of a protocol to destinations to which all protocols are allowed."""
    everything = {item.cidr for item in permissions if item.protocol == ALL}
    return {item for item in permissions if item.protocol == ALL or item.cidr not in everything}
