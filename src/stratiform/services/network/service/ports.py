"""Ports."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.kit.work_queue import enqueue
from stratiform.services.network import policy
from stratiform.services.network.errors import BadRequest, MacAddressInUse, PortNotFound
from stratiform.services.network.errors.routing import ServicePortInUse
from stratiform.services.network.model import (
    Attributes,
    FixedIpRequest,
    ListQuery,
    Network,
    NewPort,
    Port,
)
from stratiform.services.network.repository import ip_allocations, list_queries, local_ips, resources, routers
from stratiform.services.network.repository import security_groups as repository
from stratiform.services.network.service.address_allocator import AddressAllocator
from stratiform.services.network.service.networks import Networks
from stratiform.services.network.service.ownership import (
    require_list,
    require_visible,
    resolve_owner,
    save_changes,
    sees_all_projects,
)
from stratiform.services.network.service.qos_assignments import require_qos_policy
from stratiform.services.network.service.quotas import Quotas
from stratiform.services.network.service.security_groups import SecurityGroups

_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")

#: The only `vnic_type` of ports: a virtual interface, not one of the hardware.
_VNIC_TYPE = "normal"

#: The rules for attributes that only admins may set.
_CREATE_RULES = {"host": policy.PORTS_CREATE_HOST, "profile": policy.PORTS_CREATE_PROFILE}
_UPDATE_RULES = {"host": policy.PORTS_UPDATE_HOST, "profile": policy.PORTS_UPDATE_PROFILE}

#: The rules for attributes with which a port could act for others: they apply to the project of the network.
_CREATE_NETWORK_RULES = {
    "device_owner": policy.PORTS_CREATE_DEVICE_OWNER,
    "port_security_enabled": policy.PORTS_CREATE_PORT_SECURITY,
    "allowed_address_pairs": policy.PORTS_CREATE_ADDRESS_PAIRS,
}
_UPDATE_NETWORK_RULES = {
    "device_owner": policy.PORTS_UPDATE_DEVICE_OWNER,
    "port_security_enabled": policy.PORTS_UPDATE_PORT_SECURITY,
    "allowed_address_pairs": policy.PORTS_UPDATE_ADDRESS_PAIRS,
}

#: The device owners of ports of network services, such as DHCP servers, which filters trust.
_NETWORK_OWNER = "network:"


class PortUsers(Protocol):
    """What refers to ports, and is released before a port is deleted: floating IPs."""

    def release(self, db: Connection, port_id: str, now: Micros) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports. `changes` are values by field name of model.Port."""

    ids: Ids
    networks: Networks
    security_groups: SecurityGroups
    quotas: Quotas
    port_users: PortUsers

    def create(self, ctx: RequestContext, new: NewPort, project_id: str | None = None) -> Port:
        """Create a port of the caller's project, or (admins) of another.

        Raises: NetworkNotFound, BadRequest, MacAddressInUse, SecurityGroupNotFound, and as AddressAllocator.allocate.
        """
        network = self.networks.get_usable(ctx, new.network_id)
        owner = resolve_owner(ctx.caller, project_id)
        policy.PORTS_CREATE.require(ctx.caller, owner)
        _require_attributes(ctx, network, new)
        _require_supported(new.attributes)
        require_qos_policy(ctx, new.attributes)
        self.quotas.reserve(ctx.db, owner, "port")
        # Subnets are locked before a default group is created, whose event locks the outbox: the order of all requests.
        allocator = AddressAllocator.lock_network(ctx, network)
        port = Port(
            id=self.ids.uuid(),
            project_id=owner,
            network_id=network.id,
            mac_address=_parse_mac(new.mac_address) if new.mac_address else "",
            security_groups=list(self._resolve_security_groups(ctx, owner, new)),
            created_at=ctx.now,
            updated_at=ctx.now,
            **new.attributes,
        )
        created = allocator.create_port(self.ids, port, new.fixed_ips)
        repository.save_groups_of_port(ctx.db, created.id, created.security_groups)
        self.networks.notifications.notify_port(ctx, "create", created)
        return created

    def get(self, ctx: RequestContext, port_id: str) -> Port:
        """Return a port. Raises PortNotFound, also for a port of another project."""
        port = resources.ports.find(ctx.db, port_id)
        if port is None:
            raise PortNotFound(port_id)
        require_visible(ctx.caller, policy.PORTS_GET, port.project_id, PortNotFound(port_id))
        return port

    def list(self, ctx: RequestContext, query: ListQuery) -> Slice[Port]:
        """Return the project's ports, or (admins) those of every project. Other requests share these objects."""
        require_list(ctx.caller, policy.PORTS_GET)
        visible = resources.build_visible_ports_condition(ctx.caller.project_id, sees_all_projects(ctx.caller))
        return list_queries.list_page(ctx.db, resources.shared_ports, query, visible)

    def update(
        self,
        ctx: RequestContext,
        port_id: str,
        changes: Attributes,
        fixed_ips: Sequence[FixedIpRequest] | None = None,
    ) -> Port:
        """Change a port. `fixed_ips` replaces its addresses; those that satisfy a request are retained.

        Raises as `create`, and PortNotFound.
        """
        port = self.get(ctx, port_id)
        policy.PORTS_UPDATE.require(ctx.caller, port.project_id)
        for name, rule in _UPDATE_RULES.items():
            if name in changes and changes[name] != getattr(port, name):
                rule.require(ctx.caller, port.project_id)
        _require_network_attributes(ctx, port, changes)
        _require_supported(changes)
        require_qos_policy(ctx, changes)
        changes = dict(changes)
        if "security_groups" in changes:
            groups = list(self.security_groups.resolve_for_port(ctx, port.project_id, changes["security_groups"]))
            changes["security_groups"] = groups
            repository.save_groups_of_port(ctx.db, port.id, groups)
        if "mac_address" in changes:
            changes["mac_address"] = _resolve_new_mac(ctx, port, changes["mac_address"])
        if fixed_ips is not None:
            changes["fixed_ips"] = _reallocate(ctx, port, fixed_ips)
        if port.device_id and {"security_groups", "port_security_enabled"} & changes.keys():
            enqueue(ctx.db, "network.port", port.id, ctx.now)
        updated = save_changes(ctx, resources.ports, port, changes)
        self.networks.notifications.notify_port(ctx, "update", updated)
        return updated

    def delete(self, ctx: RequestContext, port_id: str) -> None:
        """Delete a port and release its addresses."""
        port = self.get(ctx, port_id)
        policy.PORTS_DELETE.require(ctx.caller, port.project_id)
        if local_ips.is_local_port(ctx.db, port.id):
            raise ServicePortInUse(port.id, "still referenced by Local IPs")
        if port.device_owner in routers.SERVICE_OWNERS:
            raise ServicePortInUse(port.id, f"has device owner {port.device_owner}")
        self.networks.notifications.notify_port(ctx, "delete", port)
        self.port_users.release(ctx.db, port.id, ctx.now)
        repository.save_groups_of_port(ctx.db, port.id, [])
        ip_allocations.release_addresses(ctx.db, port.id, ctx.now)
        resources.delete_port(ctx.db, port.id)

    def _resolve_security_groups(self, ctx: RequestContext, owner: str, new: NewPort) -> Sequence[str]:
        """Return the requested groups, or the project's default group; none without port security."""
        if new.security_groups is None and not new.attributes.get("port_security_enabled", True):
            return []
        return self.security_groups.resolve_for_port(ctx, owner, new.security_groups)

    def lock_networks(self, db: Connection, project_ids: Iterable[str], network_ids: Sequence[str]) -> None:
        """Lock quotas and subnets in one order, before several ports are created in one transaction."""
        self.quotas.lock_all(db, project_ids)
        subnets = resources.list_subnets_by_network(db, network_ids)
        ip_allocations.lock_subnets(db, [subnet.id for group in subnets.values() for subnet in group])


def _require_supported(attributes: Attributes) -> None:
    """Raises BadRequest for a `vnic_type` that no cloud has."""
    vnic_type = attributes.get("vnic_type", _VNIC_TYPE)
    if vnic_type != _VNIC_TYPE:
        raise BadRequest(f"binding:vnic_type '{vnic_type}' is not supported; use '{_VNIC_TYPE}'.")


def _require_attributes(ctx: RequestContext, network: Network, new: NewPort) -> None:
    """Raises Forbidden. Only the network's own project and admins choose addresses on it."""
    if new.mac_address is not None:
        policy.PORTS_CREATE_MAC_ADDRESS.require(ctx.caller, network.project_id)
    if any(request.ip_address is not None for request in new.fixed_ips or ()):
        policy.PORTS_CREATE_IP_ADDRESS.require(ctx.caller, network.project_id)
    for name, rule in _CREATE_RULES.items():
        if new.attributes.get(name):
            rule.require(ctx.caller, network.project_id)
    for name, rule in _CREATE_NETWORK_RULES.items():
        if name in new.attributes and _is_restricted(name, new.attributes[name]):
            rule.require(ctx.caller, network.project_id)


def _require_network_attributes(ctx: RequestContext, port: Port, changes: Attributes) -> None:
    """Raises Forbidden. Only the network's own project and admins let a port act for others on it."""
    changed = [name for name in _UPDATE_NETWORK_RULES if name in changes and changes[name] != getattr(port, name)]
    restricted = [name for name in changed if _is_restricted(name, changes[name])]
    if not restricted:
        return
    network = resources.networks.find(ctx.db, port.network_id)
    assert network is not None, "a network with ports cannot be deleted"
    for name in restricted:
        _UPDATE_NETWORK_RULES[name].require(ctx.caller, network.project_id)


def _is_restricted(name: str, value: object) -> bool:
    """Return True for a value of `_UPDATE_NETWORK_RULES` that needs a permission; others have the default."""
    if name == "device_owner":
        return str(value or "").startswith(_NETWORK_OWNER)
    return value is False if name == "port_security_enabled" else bool(value)


def _resolve_new_mac(ctx: RequestContext, port: Port, mac_address: str) -> str:
    mac = _parse_mac(mac_address)
    if mac != port.mac_address:
        policy.PORTS_UPDATE_MAC_ADDRESS.require(ctx.caller, port.project_id)
        if resources.has_mac_address(ctx.db, port.network_id, mac):
            raise MacAddressInUse(port.network_id, mac)
    return mac


def _reallocate(ctx: RequestContext, port: Port, requests: Sequence[FixedIpRequest]) -> list[dict[str, str]]:
    network = resources.networks.find(ctx.db, port.network_id)
    assert network is not None, "a network with ports cannot be deleted"
    allocator = AddressAllocator.lock_network(ctx, network)
    retained, unsatisfied = _match(port, requests)
    if any(request.ip_address is not None for request in unsatisfied):
        policy.PORTS_UPDATE_IP_ADDRESS.require(ctx.caller, network.project_id)
    removed = [fixed_ip for fixed_ip in port.fixed_ips if fixed_ip not in retained]
    ip_allocations.release_addresses(ctx.db, port.id, ctx.now, removed)
    return retained + allocator.allocate_addresses(port.id, port.mac_address, unsatisfied)


def _match(port: Port, requests: Sequence[FixedIpRequest]) -> tuple[list[dict[str, str]], list[FixedIpRequest]]:
    """Return the port's addresses that satisfy a request (exact requests first), and the unsatisfied requests."""
    retained: list[dict[str, str]] = []
    unsatisfied: list[FixedIpRequest] = []
    for request in sorted(requests, key=lambda request: request.ip_address is None):
        for fixed_ip in port.fixed_ips:
            same_subnet = request.subnet_id in (None, fixed_ip["subnet_id"])
            same_address = request.ip_address in (None, fixed_ip["ip_address"])
            if fixed_ip not in retained and same_subnet and same_address:
                retained.append(fixed_ip)
                break
        else:
            unsatisfied.append(request)
    return retained, unsatisfied


def _parse_mac(mac_address: str) -> str:
    """Raises BadRequest, also for a multicast address."""
    mac = mac_address.lower()
    if not _MAC.fullmatch(mac) or int(mac[:2], 16) & 1:
        raise BadRequest(f"Invalid input for mac_address. Reason: '{mac_address}' is not a valid MAC address.")
    return mac
