"""Routing capability of CloudStack.

See `routers`, `public_addresses`, `security_groups` and `firewall`, and `routing_limits` for what CloudStack cannot do.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack.firewall import Firewall
from stratiform.connectors.cloudstack.memberships import build_group_tags, list_memberships
from stratiform.connectors.cloudstack.network import find_interface, find_network, find_shared_network
from stratiform.connectors.cloudstack.public_addresses import PublicAddresses
from stratiform.connectors.cloudstack.routers import Routers
from stratiform.connectors.cloudstack.routing_limits import check_routing
from stratiform.connectors.cloudstack.security_groups import SecurityGroups
from stratiform.connectors.cloudstack.server_conversion import get_state
from stratiform.contract.compute import NativeServerState
from stratiform.contract.errors import RequestRejected
from stratiform.contract.routing import Kind, RoutingObject

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item


class CloudStackRoutingDriver:
    """Implements contract.routing.RoutingDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._groups = SecurityGroups(client)
        self._firewall = Firewall(client, self._groups)
        self._addresses = PublicAddresses(client, self._firewall)
        self._routers = Routers(client, self._firewall)

    def apply(self, desired: RoutingObject) -> None:
        check_routing(desired)
        if desired.kind == "router":
            self._routers.apply(desired)
        elif desired.kind == "floating_ip":
            self._addresses.apply(desired)
        else:
            group_id = self._groups.apply(desired)
            for network_id in self._list_networks_of_group(group_id) if group_id else ():
                self._firewall.synchronize(network_id)

    def delete(self, kind: Kind, token: str) -> None:
        if kind == "router":
            self._routers.delete(token)
        elif kind == "floating_ip":
            self._addresses.delete(token)
        elif kind == "security_group":
            self._groups.delete(token)

    def list_objects(self) -> Iterator[RoutingObject]:
        yield from self._routers.list_objects()
        yield from self._addresses.list_objects()
        yield from self._groups.list_objects()

    def ensure_security_groups(
        self,
        groups: Sequence[RoutingObject],
        subnet_id: str,  # noqa: ARG002 - the groups belong to the account
        *,
        filtered: bool,
    ) -> tuple[str, ...]:
        for group in groups:
            check_routing(group)
        native_ids = tuple(self._groups.ensure(group) for group in groups)
        return native_ids or (self._groups.ensure_special(filtered=filtered),)

    def set_security_groups(
        self, subnet_id: str, ip_address: str, groups: Sequence[RoutingObject], *, filtered: bool
    ) -> None:
        shared = find_shared_network(self._client)
        network = shared or find_network(self._client, subnet_id)
        target = None if network is None else find_interface(self._client, str(network["id"]), ip_address)
        if network is None or target is None:
            return
        native_ids = self.ensure_security_groups(groups, str(network["id"]), filtered=filtered)
        if self._client.resolve_zone().has_security_groups:
            self._set_zone_groups(target[0], set(native_ids))
        elif shared is None:
            self._set_memberships(target[0], ip_address, native_ids)
            self._firewall.synchronize(str(network["id"]))

    def allocate_address(self, token: str) -> str:
        return self._addresses.allocate(token)

    def _set_zone_groups(self, vm: "Item", native_ids: set[str]) -> None:
        """Set the groups of a server in a zone with security groups. Raises: RequestRejected unless it is stopped."""
        if {str(group["id"]) for group in vm.get("securitygroup") or ()} == native_ids:
            return
        if get_state(vm) is not NativeServerState.STOPPED:
            raise RequestRejected(
                f"CloudStack cannot change the security groups of server {vm['id']} while it runs",
                hint="stop the server, and set its security groups again",
            )
        self._client.request("updateVirtualMachine", id=vm["id"], securitygroupids=sorted(native_ids))

    def _set_memberships(self, vm: "Item", address: str, group_ids: Sequence[str]) -> None:
        current = build_group_tags(address, list_memberships(vm).get(address, ())).keys()
        desired = build_group_tags(address, group_ids)
        added = {key: value for key, value in desired.items() if key not in current}
        self._client.replace_tags("UserVm", str(vm["id"]), current - desired.keys(), added)

    def _list_networks_of_group(self, group_id: str) -> list[str]:
        networks = set()
        for vm in self._client.list_all("listVirtualMachines", "virtualmachine"):
            addresses = {address for address, groups in list_memberships(vm).items() if group_id in groups}
            networks |= {str(nic.get("networkid")) for nic in vm.get("nic") or () if nic.get("ipaddress") in addresses}
        return sorted(networks)
