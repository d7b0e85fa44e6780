"""Subnets and their allocation pools."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, Database
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network import policy
from stratiform.services.network.errors import BadRequest, InvalidInput, NetworkNotFound, SubnetInUse, SubnetNotFound
from stratiform.services.network.model import Attributes, ListQuery, Network, NewSubnet, ReservedAddresses, Subnet
from stratiform.services.network.model.declared_types.sharing import ACCESS_AS_SHARED
from stratiform.services.network.model.ip_addresses import (
    Address,
    Cidr,
    check_gateway,
    check_pools,
    compute_default_pools,
    get_default_gateway,
    get_usable_range,
    parse_address,
    parse_cidr,
    parse_route_destination,
)
from stratiform.services.network.repository import ip_allocations, list_queries, rbac_policies, resources, routers
from stratiform.services.network.service.address_allocator import AUTO_ADDRESS_MODES
from stratiform.services.network.service.networks import Networks
from stratiform.services.network.service.ownership import (
    require_list,
    require_visible,
    resolve_owner,
    save_changes,
    sees_all_projects,
)
from stratiform.services.network.service.quotas import Quotas
from stratiform.services.network.service.segments import require_segment, require_segment_change
from stratiform.services.network.service.subnet_deletion import delete_subnet
from stratiform.services.network.service.subnet_pools import SubnetPools


@dataclass(frozen=True, slots=True)
class Subnets:
    """Subnets. `changes` are values by field name of model.Subnet."""

    database: Database
    ids: Ids
    clouds: CloudsService
    networks: Networks
    quotas: Quotas
    pools: SubnetPools

    def create(
        self,
        ctx: RequestContext,
        new: NewSubnet,
        project_id: str | None = None,
        reserved: ReservedAddresses | None = None,
    ) -> Subnet:
        """Create a subnet. Default pools leave out the gateway and `reserved` (see `get_reserved_addresses`).

        Raises: NetworkNotFound, BadRequest, InvalidInput, InvalidAllocationPool, OutOfBoundsAllocationPool,
        OverlappingAllocationPools, GatewayConflictWithAllocationPools.
        """
        network = self.networks.get(ctx, new.network_id)
        policy.SUBNETS_CREATE.require(ctx.caller, network.project_id)
        owner = network.project_id if project_id is None else resolve_owner(ctx.caller, project_id)
        self.quotas.reserve(ctx.db, owner, "subnet")
        new = self._allocate_prefix(ctx, new, owner)
        cidr = parse_cidr(new.cidr or "", new.ip_version)
        others = self._require_no_overlap(ctx.db, network, cidr)
        segment_id = new.attributes.get("segment_id")
        if segment_id is not None:
            policy.SUBNETS_CREATE_SEGMENT.require(ctx.caller, network.project_id)
        require_segment(ctx, network.id, segment_id, others)
        gateway = _resolve_gateway(new.gateway_ip, cidr)
        if new.pools is None:
            pools = compute_default_pools(cidr, gateway, reserved or ReservedAddresses())
        else:
            pools = check_pools(new.pools, cidr, gateway)
        subnet = Subnet(
            id=self.ids.uuid(),
            project_id=owner,
            network_id=network.id,
            ip_version=new.ip_version,
            cidr=str(cidr),
            gateway_ip=gateway,
            allocation_pools=pools,
            subnetpool_id=new.pool_id,
            created_at=ctx.now,
            updated_at=ctx.now,
            **new.attributes,
        )
        _check_dhcp_options(subnet)
        resources.subnets.insert(ctx.db, subnet)
        ip_allocations.replace_pools(ctx.db, subnet)
        save_changes(ctx, resources.networks, network, {})
        self.networks.notifications.notify_subnet(ctx, "create", subnet)
        return subnet

    def lock_networks(self, ctx: RequestContext, project_ids: Iterable[str], subnets: Sequence[NewSubnet]) -> None:
        """Lock quotas, subnet pools and networks in one order, before several subnets are created in one transaction.

        The first subnet's event locks the outbox, for which all other requests wait while they hold their locks.
        """
        self.quotas.lock_all(ctx.db, project_ids)
        pool_ids = {self._find_pool(ctx, new) for new in subnets} - {None}
        for pool_id in sorted(str(pool_id) for pool_id in pool_ids):
            self.pools.collection.rows.lock(ctx.db, pool_id)
        for network_id in sorted({new.network_id for new in subnets}):
            resources.lock_network(ctx.db, network_id)

    def get(self, ctx: RequestContext, subnet_id: str) -> Subnet:
        """Return a subnet. Raises SubnetNotFound, also for one on a network that the caller does not see."""
        subnet = resources.subnets.find(ctx.db, subnet_id)
        if subnet is None:
            raise SubnetNotFound(subnet_id)
        network = resources.networks.find(ctx.db, subnet.network_id)
        is_shared = network is not None and (
            network.shared or rbac_policies.is_shared(ctx.db, network.id, ctx.caller.project_id, ACCESS_AS_SHARED)
        )
        if not is_shared:
            require_visible(ctx.caller, policy.SUBNETS_GET, subnet.project_id, SubnetNotFound(subnet_id))
        return subnet

    def list(self, ctx: RequestContext, query: ListQuery) -> Slice[Subnet]:
        """Return the subnets on networks that the caller sees."""
        require_list(ctx.caller, policy.SUBNETS_GET)
        visible = resources.build_visible_subnets_condition(ctx.caller.project_id, sees_all_projects(ctx.caller))
        return list_queries.list_page(ctx.db, resources.subnets, query, visible)

    def list_by_network(self, db: Connection, network_ids: Sequence[str]) -> dict[str, Sequence[Subnet]]:
        """Return the subnets of each network, oldest first, without a policy check."""
        return dict(resources.list_subnets_by_network(db, network_ids))

    def update(self, ctx: RequestContext, subnet_id: str, changes: Attributes) -> Subnet:
        """Change a subnet. Raises as `create`, and SubnetNotFound."""
        subnet = self.get(ctx, subnet_id)
        policy.SUBNETS_UPDATE.require(ctx.caller, subnet.project_id)
        if changes.get("segment_id", subnet.segment_id) != subnet.segment_id:
            policy.SUBNETS_UPDATE_SEGMENT.require(ctx.caller, subnet.project_id)
            require_segment_change(ctx, subnet, changes["segment_id"])
        ip_allocations.lock_subnets(ctx.db, [subnet.id])
        updated = save_changes(ctx, resources.subnets, subnet, _resolve_changes(subnet, changes))
        _check_dhcp_options(updated)
        if updated.allocation_pools != subnet.allocation_pools:
            ip_allocations.replace_pools(ctx.db, updated)
        self.networks.notifications.notify_subnet(ctx, "update", updated)
        return updated

    def delete(self, ctx: RequestContext, subnet_id: str) -> None:
        """Delete a subnet. Raises SubnetInUse if an address of it is allocated."""
        subnet = self.get(ctx, subnet_id)
        policy.SUBNETS_DELETE.require(ctx.caller, subnet.project_id)
        ip_allocations.lock_subnets(ctx.db, [subnet.id])
        if subnet.ipv6_address_mode in AUTO_ADDRESS_MODES:
            _release_automatic_addresses(ctx, subnet)
        if ip_allocations.count_allocated_addresses(ctx.db, [subnet.id]):
            raise SubnetInUse(subnet_id)
        self.networks.notifications.notify_subnet(ctx, "delete", subnet)
        delete_subnet(ctx, subnet)

    def get_reserved_addresses(self, project_id: str) -> ReservedAddresses:
        """Return what the clouds of a project reserve in every subnet. Do not call it inside a transaction."""
        with self.database.read_transaction() as db:
            bindings = self.clouds.bindings.list_for_project(db, project_id)
        reserved = ReservedAddresses()
        for cloud_id in sorted({binding.cloud_id for binding in bindings}):
            networks = self.clouds.connections.get(cloud_id).network
            if networks is not None:
                reserved = reserved.union(ReservedAddresses(networks.reserved_head, networks.reserved_tail))
        return reserved

    def _allocate_prefix(self, ctx: RequestContext, new: NewSubnet, owner: str) -> NewSubnet:
        """Return a new subnet with a CIDR, from a subnet pool if it has none. Raises BadRequest."""
        pool_id = self._find_pool(ctx, new)
        if pool_id is None:
            if new.cidr is None:
                raise BadRequest("Bad subnets request: a subnetpool must be specified in the absence of a cidr.")
            return new
        cidr, version = self.pools.allocate(ctx, pool_id, owner, cidr=new.cidr, length=new.prefix_length)
        return replace(new, cidr=cidr, ip_version=version, pool_id=pool_id)

    def _find_pool(self, ctx: RequestContext, new: NewSubnet) -> str | None:
        """Return the id of the pool that a request names, or of the default pool. Raises SubnetPoolNotFound."""
        if new.use_default_pool and new.pool_id is None:
            return self.pools.find_default(ctx, new.ip_version)
        return new.pool_id

    def _require_no_overlap(self, db: Connection, network: Network, cidr: Cidr) -> Sequence[Subnet]:
        """Lock the network, and return its subnets. Raises NetworkNotFound, InvalidInput."""
        if not resources.lock_network(db, network.id):
            raise NetworkNotFound(network.id)
        subnets = resources.list_subnets_by_network(db, [network.id])[network.id]
        for subnet in subnets:
            if subnet.ip_version == cidr.version and cidr.overlaps(ip_network(subnet.cidr)):
                raise InvalidInput(
                    f"Requested subnet with cidr: {cidr} for network: {network.id} overlaps with another subnet"
                )
        return subnets


def _release_automatic_addresses(ctx: RequestContext, subnet: Subnet) -> None:
    """Take the addresses of a subnet from its ports, except from those of routers: ports derive them from a prefix."""
    for port in resources.list_ports_with_addresses(ctx.db, subnet.network_id, subnet.id):
        if port.device_owner != routers.INTERFACE_OWNER:
            released = [fixed_ip for fixed_ip in port.fixed_ips if fixed_ip["subnet_id"] == subnet.id]
            remaining = [fixed_ip for fixed_ip in port.fixed_ips if fixed_ip["subnet_id"] != subnet.id]
            ip_allocations.release_addresses(ctx.db, port.id, ctx.now, released)
            save_changes(ctx, resources.ports, port, {"fixed_ips": remaining})


def _resolve_changes(subnet: Subnet, changes: Attributes) -> Attributes:
    """Return the changes with a valid gateway and pools that do not contain it."""
    cidr, gateway = parse_cidr(subnet.cidr, subnet.ip_version), subnet.gateway_ip
    if "gateway_ip" in changes:
        gateway = _resolve_gateway(changes["gateway_ip"], cidr)
        changes = {**changes, "gateway_ip": gateway}
    if "allocation_pools" in changes:
        return {**changes, "allocation_pools": check_pools(changes["allocation_pools"], cidr, gateway)}
    if gateway != subnet.gateway_ip:
        check_gateway(gateway, subnet.allocation_pools)
    return changes


def _resolve_gateway(gateway_ip: str | None, cidr: Cidr) -> str | None:
    """Return the gateway's address; "" selects the default. An IPv6 gateway may be outside of the subnet."""
    if gateway_ip is None:
        return None
    if gateway_ip == "":
        return get_default_gateway(cidr)
    gateway = parse_address(gateway_ip, "gateway_ip")
    if gateway.version != cidr.version or _is_network_or_broadcast(gateway, cidr):
        raise InvalidInput(f"Gateway is not valid on subnet {cidr}")
    return str(gateway)


def _is_network_or_broadcast(address: Address, cidr: Cidr) -> bool:
    return cidr.version == 4 and address in cidr and int(address) not in get_usable_range(cidr)


def _check_dhcp_options(subnet: Subnet) -> None:
    """Raises: InvalidInput, BadRequest."""
    if subnet.ip_version == 4 and (subnet.ipv6_address_mode or subnet.ipv6_ra_mode):
        raise InvalidInput("ipv6_ra_mode or ipv6_address_mode cannot be set when ip_version is 4")
    modes = {subnet.ipv6_ra_mode, subnet.ipv6_address_mode} - {None}
    if len(modes) > 1:
        raise InvalidInput(
            f"ipv6_ra_mode set to '{subnet.ipv6_ra_mode}' with ipv6_address_mode set to '{subnet.ipv6_address_mode}' is"
            " not valid. If both attributes are set, they must be the same value"
        )
    for nameserver in subnet.dns_nameservers:
        parse_address(nameserver, "dns_nameservers")
    for route in subnet.host_routes:
        parse_address(route["nexthop"], "host_routes")
        parse_route_destination(route["destination"])
