"""Ports."""

import re
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.pagination import Slice
from stratiform.services.network.errors import BadRequest, MacAddressInUse, PortNotFound, SecurityGroupNotFound
from stratiform.services.network.model import FixedIp, Listing, Network, Port, PortWish, default_group
from stratiform.services.network.policy import policy
from stratiform.services.network.repository import allocation
from stratiform.services.network.repository import rows as repository
from stratiform.services.network.service.parts import changed, owner, require_listing, require_visible, sees_all
from stratiform.services.network.service.placing import Placing, insert_with_card
from stratiform.services.network.service.subnets import SubnetVerbs
from stratiform.services.network.tables import ports as table

_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")

#: What only the operator may say of a port, and the rule for it.
_OPERATORS = {"host": "binding:host_id", "profile": "binding:profile"}


class PortVerbs(SubnetVerbs):
    """Verbs on ports."""

    __slots__ = ()

    def ports(self, ctx: RequestContext, listing: Listing) -> Slice[Port]:
        require_listing(ctx.caller, "get_port")
        seen = repository.visible_ports(ctx.caller.project_id, sees_all(ctx.caller))
        return repository.listed(ctx.db, repository.ports, listing, seen)

    def port(self, ctx: RequestContext, port_id: str) -> Port:
        """Raises PortNotFound, also where it is a stranger's."""
        found = repository.ports.get(ctx.db, port_id)
        if found is None:
            raise PortNotFound(port_id)
        require_visible(ctx.caller, "get_port", found.project_id, PortNotFound(port_id))
        return found

    def create_port(self, ctx: RequestContext, wish: PortWish, project_id: str | None = None) -> Port:
        """Raises what Neutron does: IpAddressInUse, IpAddressGenerationFailure, MacAddressInUse…"""
        network = self.network(ctx, wish.network_id)
        mine = owner(ctx.caller, project_id)
        policy.require(ctx.caller, "create_port", mine)
        self._require_may_say(ctx, network, wish)
        made = Port(
            id=self.ids.uuid(),
            project_id=mine,
            network_id=network.id,
            mac_address=_mac(wish.mac_address) if wish.mac_address else "",
            security_groups=_groups(mine, wish.security_groups),
            created_at=ctx.now,
            updated_at=ctx.now,
            **wish.values,
        )
        return insert_with_card(ctx.db, self.ids, made, self._placing(ctx, network), wish.fixed_ips)

    def lock_networks(self, db: Connection, network_ids: list[str]) -> None:
        """Before several ports are made in one transaction: lock all their subnets at once, in one order."""
        subnets = repository.subnets_of(db, network_ids)
        allocation.lock(db, [subnet.id for group in subnets.values() for subnet in group])

    def update_port(
        self, ctx: RequestContext, port_id: str, values: dict[str, Any], fixed_ips: list[FixedIp] | None = None
    ) -> Port:
        """`values`: fields of model.Port. `fixed_ips`: what it shall hold instead; what it has already it keeps."""
        port = self.port(ctx, port_id)
        policy.require(ctx.caller, "update_port", port.project_id)
        for name, rule in _OPERATORS.items():
            if name in values and values[name] != getattr(port, name):
                policy.require(ctx.caller, f"update_port:{rule}", port.project_id)
        if "security_groups" in values:
            values = {**values, "security_groups": _groups(port.project_id, values["security_groups"])}
        if "mac_address" in values:
            values = {**values, "mac_address": self._new_mac(ctx, port, values["mac_address"])}
        if fixed_ips is not None:
            values = {**values, "fixed_ips": self._move(ctx, port, fixed_ips)}
        after: Port = changed(ctx, repository.ports, port, values)
        return after

    def delete_port(self, ctx: RequestContext, port_id: str) -> None:
        """Its addresses are free at once for whoever asks for them."""
        port = self.port(ctx, port_id)
        policy.require(ctx.caller, "delete_port", port.project_id)
        allocation.give_back(ctx.db, port.id, ctx.now)
        repository.ports.delete(ctx.db, table.c.id == port.id)

    def _placing(self, ctx: RequestContext, network: Network) -> Placing:
        subnets = repository.subnets_of(ctx.db, [network.id])[network.id]
        allocation.lock(ctx.db, [subnet.id for subnet in subnets])
        return Placing(ctx.db, ctx.now, network, subnets)

    def _require_may_say(self, ctx: RequestContext, network: Network, wish: PortWish) -> None:
        """On a network of somebody else's, only the operator chooses addresses."""
        if wish.mac_address is not None:
            policy.require(ctx.caller, "create_port:mac_address", network.project_id)
        if any(fixed.ip_address is not None for fixed in wish.fixed_ips or ()):
            policy.require(ctx.caller, "create_port:fixed_ips:ip_address", network.project_id)
        for name, rule in _OPERATORS.items():
            if wish.values.get(name):
                policy.require(ctx.caller, f"create_port:{rule}", network.project_id)

    def _new_mac(self, ctx: RequestContext, port: Port, asked: str) -> str:
        mac = _mac(asked)
        if mac != port.mac_address:
            policy.require(ctx.caller, "update_port:mac_address", port.project_id)
            if repository.ports.first(ctx.db, table.c.network_id == port.network_id, table.c.mac_address == mac):
                raise MacAddressInUse(port.network_id, mac)
        return mac

    def _move(self, ctx: RequestContext, port: Port, wanted: list[FixedIp]) -> list[dict[str, str]]:
        network = repository.networks.get(ctx.db, port.network_id)
        assert network is not None, "a port's network can't be deleted"
        placing = self._placing(ctx, network)
        kept, missing = _kept(port, wanted)
        if any(fixed.ip_address is not None for fixed in missing):
            policy.require(ctx.caller, "update_port:fixed_ips:ip_address", network.project_id)
        allocation.give_back(ctx.db, port.id, ctx.now, [one for one in port.fixed_ips if one not in kept])
        return kept + placing.hold(port.id, port.mac_address, missing)


def _kept(port: Port, wanted: list[FixedIp]) -> tuple[list[dict[str, str]], list[FixedIp]]:
    """Which of a port's addresses fulfil a wish (exact ones first), and the wishes that are left."""
    kept: list[dict[str, str]] = []
    missing: list[FixedIp] = []
    for fixed in sorted(wanted, key=lambda one: one.ip_address is None):
        for has in port.fixed_ips:
            same_subnet = fixed.subnet_id in (None, has["subnet_id"])
            if has not in kept and same_subnet and fixed.ip_address in (None, has["ip_address"]):
                kept.append(has)
                break
        else:
            missing.append(fixed)
    return kept, missing


def _mac(asked: str) -> str:
    mac = asked.lower()
    if not _MAC.fullmatch(mac) or int(mac[:2], 16) & 1:
        raise BadRequest(f"Invalid input for mac_address. Reason: '{asked}' is not a valid MAC address.")
    return mac


def _groups(project_id: str, asked: list[str] | None) -> list[str]:
    """The groups of a port: the project's default where nothing is said; none where `[]` is."""
    default = default_group(project_id).id
    if asked is None:
        return [default]
    for group_id in asked:
        if group_id != default:
            raise SecurityGroupNotFound(group_id)
    return asked
