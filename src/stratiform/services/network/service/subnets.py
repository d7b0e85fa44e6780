"""Subnets and their pools."""

from ipaddress import ip_network
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.pagination import Slice
from stratiform.services.network.errors import (
    InvalidInput,
    NetworkNotFound,
    SubnetInUse,
    SubnetNotFound,
)
from stratiform.services.network.model import Listing, Network, Reserve, Subnet, SubnetWish
from stratiform.services.network.model.addressing import (
    USUAL_RESERVE,
    Cidr,
    check_gateway,
    check_pools,
    default_pools,
    first_gateway,
    parse_address,
    parse_cidr,
    parse_route,
)
from stratiform.services.network.policy import policy
from stratiform.services.network.repository import allocation
from stratiform.services.network.repository import rows as repository
from stratiform.services.network.service.networks import NetworkVerbs
from stratiform.services.network.service.parts import changed, owner, require_listing, require_visible, sees_all
from stratiform.services.network.service.removal import remove_subnet
from stratiform.services.network.tables import networks as networks_table


class SubnetVerbs(NetworkVerbs):
    """Verbs on subnets."""

    __slots__ = ()

    def subnets(self, ctx: RequestContext, listing: Listing) -> Slice[Subnet]:
        require_listing(ctx.caller, "get_subnet")
        seen = repository.visible_subnets(ctx.caller.project_id, sees_all(ctx.caller))
        return repository.listed(ctx.db, repository.subnets, listing, seen)

    def subnet(self, ctx: RequestContext, subnet_id: str) -> Subnet:
        """Raises SubnetNotFound, also where it is on a stranger's network."""
        found = repository.subnets.get(ctx.db, subnet_id)
        if found is None:
            raise SubnetNotFound(subnet_id)
        network = repository.networks.get(ctx.db, found.network_id)
        if network is None or not network.shared:
            require_visible(ctx.caller, "get_subnet", found.project_id, SubnetNotFound(subnet_id))
        return found

    def reserve(self, project_id: str) -> Reserve:
        """What the strictest cloud that serves the project keeps of every subnet. Not inside a transaction."""
        with self.database.snapshot() as db:
            cloud_ids = {binding.cloud_id for binding in self.clouds.bindings.list_for_project(db, project_id)}
        reserve = Reserve()
        for cloud_id in sorted(cloud_ids):
            networks = self.clouds.connections.get(cloud_id).network
            if networks is not None:
                reserve = reserve.stricter(Reserve(networks.reserved_head, networks.reserved_tail))
        return reserve

    def create_subnet(
        self, ctx: RequestContext, wish: SubnetWish, project_id: str | None = None, reserve: Reserve | None = None
    ) -> Subnet:
        """Without pools of its own it gets all addresses but the gateway and `reserve` (see `reserve`).

        Raises what Neutron does: InvalidInput, OverlappingAllocationPools, GatewayConflictWithAllocationPools…
        """
        network = self._network_to_change(ctx, wish.network_id, "create_subnet")
        mine = network.project_id if project_id is None else owner(ctx.caller, project_id)
        cidr = parse_cidr(wish.cidr, wish.ip_version)
        self._require_no_overlap(ctx.db, network, cidr)
        gateway = _gateway(wish.gateway_ip, cidr)
        if wish.pools is None:
            pools = default_pools(cidr, gateway, reserve or Reserve())
        else:
            pools = check_pools(wish.pools, cidr, gateway)
        made = Subnet(
            id=self.ids.uuid(),
            project_id=mine,
            network_id=network.id,
            ip_version=wish.ip_version,
            cidr=str(cidr),
            gateway_ip=gateway,
            allocation_pools=pools,
            created_at=ctx.now,
            updated_at=ctx.now,
            **wish.values,
        )
        _check_words(made)
        repository.subnets.insert(ctx.db, made)
        allocation.set_pools(ctx.db, made)
        changed(ctx, repository.networks, network, {})
        return made

    def update_subnet(self, ctx: RequestContext, subnet_id: str, values: dict[str, Any]) -> Subnet:
        """`values`: fields of model.Subnet; a gateway and pools are checked against each other."""
        subnet = self.subnet(ctx, subnet_id)
        policy.require(ctx.caller, "update_subnet", subnet.project_id)
        allocation.lock(ctx.db, [subnet.id])
        cidr = parse_cidr(subnet.cidr, subnet.ip_version)
        gateway = _gateway(values["gateway_ip"], cidr) if "gateway_ip" in values else subnet.gateway_ip
        if "gateway_ip" in values:
            values = {**values, "gateway_ip": gateway}
        if "allocation_pools" in values:
            values = {**values, "allocation_pools": check_pools(values["allocation_pools"], cidr, gateway)}
        elif gateway != subnet.gateway_ip:
            check_gateway(gateway, subnet.allocation_pools)
        after: Subnet = changed(ctx, repository.subnets, subnet, values)
        _check_words(after)
        if after.allocation_pools != subnet.allocation_pools:
            allocation.set_pools(ctx.db, after)
        return after

    def delete_subnet(self, ctx: RequestContext, subnet_id: str) -> None:
        """Raises SubnetInUse while a port has an address of it."""
        subnet = self.subnet(ctx, subnet_id)
        policy.require(ctx.caller, "delete_subnet", subnet.project_id)
        allocation.lock(ctx.db, [subnet.id])
        if allocation.held(ctx.db, [subnet.id]):
            raise SubnetInUse(subnet_id)
        remove_subnet(ctx, subnet)

    def ensure_default(self, ctx: RequestContext, project_id: str) -> Network:
        """The project's network `private` with a /24, made where the project has none of that name.

        Its pool leaves out what the strictest of the usual clouds keeps, whichever cloud serves the project later.
        """
        c = networks_table.c
        policy.require(ctx.caller, "create_network", project_id)
        found = repository.networks.first(ctx.db, c.project_id == project_id, c.name == "private")
        if found is not None:
            return found
        made = self.create_network(ctx, project_id, {"name": "private"})
        cidr = f"10.{int(made.id[-2:], 16) % 200 + 20}.{int(made.id[-4:-2], 16)}.0/24"
        wish = SubnetWish(made.id, 4, cidr, values={"name": "private"})
        self.create_subnet(ctx, wish, project_id, USUAL_RESERVE)
        return self.network(ctx, made.id)

    def _network_to_change(self, ctx: RequestContext, network_id: str, rule: str) -> Network:
        """A network of the caller's own; a shared one of somebody else's is seen, but not changed."""
        network = self.network(ctx, network_id)
        policy.require(ctx.caller, rule, network.project_id)
        return network

    def _require_no_overlap(self, db: Connection, network: Network, cidr: Cidr) -> None:
        if repository.lock_network(db, network.id) is None:
            raise NetworkNotFound(network.id)
        for other in repository.subnets_of(db, [network.id])[network.id]:
            if other.ip_version == cidr.version and cidr.overlaps(ip_network(other.cidr)):
                raise InvalidInput(
                    f"Requested subnet with cidr: {cidr} for network: {network.id} overlaps with another subnet"
                )


def _gateway(asked: str | None, cidr: Cidr) -> str | None:
    if asked is None:
        return None
    if asked == "":
        return first_gateway(cidr)
    gateway = parse_address(asked, "gateway_ip")
    inside = gateway.version == cidr.version and gateway in cidr
    if gateway.version != cidr.version or (inside and cidr.version == 4 and _is_edge(gateway, cidr)):
        raise InvalidInput(f"Gateway is not valid on subnet {cidr}")
    return str(gateway)


def _is_edge(gateway: Any, cidr: Cidr) -> bool:
    return cidr.prefixlen < 31 and gateway in (cidr.network_address, cidr.broadcast_address)


def _check_words(subnet: Subnet) -> None:
    """What machines are told by DHCP must be addresses. Raises InvalidInput, BadRequest."""
    if subnet.ip_version == 4 and (subnet.ipv6_address_mode or subnet.ipv6_ra_mode):
        raise InvalidInput("ipv6_ra_mode or ipv6_address_mode cannot be set when ip_version is 4")
    for nameserver in subnet.dns_nameservers:
        parse_address(nameserver, "dns_nameservers")
    for route in subnet.host_routes:
        parse_address(route["nexthop"], "host_routes")
        parse_route(route["destination"])
