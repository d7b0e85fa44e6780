"""Networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, IntegrityError
from stratiform.kit.errors import Forbidden
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network import policy
from stratiform.services.network.errors import (
    NetworkInUse,
    NetworkNotFound,
    VlanTransparencyNotSupported,
)
from stratiform.services.network.model import Attributes, ListQuery, Network
from stratiform.services.network.model.declared_types.sharing import ACCESS_AS_EXTERNAL, ACCESS_AS_SHARED
from stratiform.services.network.repository import (
    ip_allocations,
    list_queries,
    rbac_policies,
    resources,
    router_services,
)
from stratiform.services.network.service.notifications import Notifications
from stratiform.services.network.service.ownership import (
    require_list,
    require_visible,
    resolve_owner,
    save_changes,
    sees_all_projects,
)
from stratiform.services.network.service.qos_assignments import find_default_qos_policy, require_qos_policy
from stratiform.services.network.service.quotas import Quotas
from stratiform.services.network.service.segments import (
    create_segments,
    read_new_segments,
    update_provider_values,
)
from stratiform.services.network.service.subnet_deletion import delete_subnet

#: The rules for attributes that only admins may set.
_CREATE_RULES = {
    "shared": policy.NETWORKS_CREATE_SHARED,
    "external": policy.NETWORKS_CREATE_EXTERNAL,
    "is_default": policy.NETWORKS_CREATE_DEFAULT,
    "provider_network_type": policy.NETWORKS_PROVIDER,
    "provider_physical_network": policy.NETWORKS_PROVIDER,
    "provider_segmentation_id": policy.NETWORKS_PROVIDER,
    "segments": policy.NETWORKS_SEGMENTS,
}
_UPDATE_RULES = {
    "shared": policy.NETWORKS_UPDATE_SHARED,
    "external": policy.NETWORKS_UPDATE_EXTERNAL,
    "is_default": policy.NETWORKS_UPDATE_DEFAULT,
    "provider_network_type": policy.NETWORKS_UPDATE_PROVIDER,
    "provider_physical_network": policy.NETWORKS_UPDATE_PROVIDER,
    "provider_segmentation_id": policy.NETWORKS_UPDATE_PROVIDER,
}

#: The number of ports that the error for a network in use lists.
_MAX_LISTED_PORTS = 5


class NetworkUsers(Protocol):
    """What belongs to networks, and is deleted with them: unassociated floating IPs."""

    def release_network(self, db: Connection, network_id: str, now: Micros) -> None: ...


@dataclass(frozen=True, slots=True)
class Networks:
    """Networks. `attributes` and `changes` are values by field name of model.Network."""

    ids: Ids
    clouds: CloudsService
    quotas: Quotas
    network_users: NetworkUsers
    notifications: Notifications

    def create(self, ctx: RequestContext, project_id: str | None, attributes: Attributes) -> Network:
        """Create a network of the caller's project, or (admins) of another.

        `segments`: the values of several segments, instead of provider attributes. Raises as `read_new_segments`,
        FlatNetworkInUse, VlanIdInUse, TunnelIdInUse.
        """
        owner = resolve_owner(ctx.caller, project_id)
        policy.NETWORKS_CREATE.require(ctx.caller, owner)
        for name, rule in _CREATE_RULES.items():
            if attributes.get(name):
                rule.require(ctx.caller, owner)
        if attributes.get("vlan_transparent"):
            raise VlanTransparencyNotSupported
        attributes, segments = read_new_segments(attributes)
        require_qos_policy(ctx, attributes)
        self.quotas.reserve(ctx.db, owner, "network")
        attributes = {"qos_policy_id": find_default_qos_policy(ctx, owner), **attributes}
        network = Network(id=self.ids.uuid(), project_id=owner, created_at=ctx.now, updated_at=ctx.now, **attributes)
        created = resources.networks.insert(ctx.db, network)
        create_segments(ctx, self.ids, created, segments)
        self.notifications.notify_network(ctx, "create", created)
        return created

    def get(self, ctx: RequestContext, network_id: str) -> Network:
        """Return a network. Raises NetworkNotFound, also for a network of another project that is not shared."""
        network = resources.networks.find(ctx.db, network_id)
        if network is None:
            raise NetworkNotFound(network_id)
        if not (network.shared or network.external or self._is_granted(ctx, network)):
            require_visible(ctx.caller, policy.NETWORKS_GET, network.project_id, NetworkNotFound(network_id))
        return network

    def get_usable(self, ctx: RequestContext, network_id: str) -> Network:
        """Return a network on which the caller may create ports. Raises NetworkNotFound, Forbidden."""
        network = self.get(ctx, network_id)
        own = network.shared or network.project_id == ctx.caller.project_id or ctx.caller.is_admin
        if own or rbac_policies.is_shared(ctx.db, network.id, ctx.caller.project_id, ACCESS_AS_SHARED):
            return network
        raise Forbidden(f"It is not allowed to create an interface on external network {network_id}")

    def _is_granted(self, ctx: RequestContext, network: Network) -> bool:
        actions = (ACCESS_AS_SHARED, ACCESS_AS_EXTERNAL)
        return rbac_policies.is_shared(ctx.db, network.id, ctx.caller.project_id, *actions)

    def list(self, ctx: RequestContext, query: ListQuery) -> Slice[Network]:
        """Return the project's networks and the shared ones, or (admins) the networks of every project."""
        require_list(ctx.caller, policy.NETWORKS_GET)
        visible = resources.build_visible_networks_condition(ctx.caller.project_id, sees_all_projects(ctx.caller))
        return list_queries.list_page(ctx.db, resources.networks, query, visible)

    def update(self, ctx: RequestContext, network_id: str, changes: Attributes) -> Network:
        network = self.get(ctx, network_id)
        policy.NETWORKS_UPDATE.require(ctx.caller, network.project_id)
        for name, rule in _UPDATE_RULES.items():
            if name in changes and changes[name] != getattr(network, name):
                rule.require(ctx.caller, network.project_id)
        require_qos_policy(ctx, changes)
        update_provider_values(ctx, network, changes)
        updated = save_changes(ctx, resources.networks, network, changes)
        self.notifications.notify_network(ctx, "update", updated)
        return updated

    def delete(self, ctx: RequestContext, network_id: str) -> None:
        """Delete a network and its subnets. Raises NetworkInUse if it has ports."""
        network = self.get(ctx, network_id)
        policy.NETWORKS_DELETE.require(ctx.caller, network.project_id)
        subnets = resources.list_subnets_by_network(ctx.db, [network_id])[network_id]
        ip_allocations.lock_subnets(ctx.db, [subnet.id for subnet in subnets])
        self.network_users.release_network(ctx.db, network_id, ctx.now)
        ports = resources.list_ports_of_network(ctx.db, network_id, _MAX_LISTED_PORTS)
        if ports:
            raise NetworkInUse(network_id, ", ".join(port.id for port in ports))
        self.notifications.notify_network(ctx, "delete", network)
        try:
            with ctx.db.begin_nested():
                for subnet in subnets:
                    delete_subnet(ctx, subnet)
                rbac_policies.delete_of_object(ctx.db, network_id)
                resources.delete_network(ctx.db, network_id)
        except IntegrityError as error:
            raise NetworkInUse(network_id) from error

    def list_names(self, db: Connection, network_ids: Sequence[str]) -> dict[str, str]:
        """Return the names of the networks that exist, by id, without a policy check."""
        return {network.id: network.name for network in resources.list_networks_by_id(db, network_ids)}

    def list_address_scopes(self, db: Connection, network_ids: Sequence[str]) -> Mapping[str, Mapping[int, str]]:
        """Return the address scopes of each network by IP version, without a policy check."""
        return router_services.list_address_scopes(db, network_ids)

    def list_availability_zones(self, db: Connection, project_id: str) -> Sequence[str]:
        """Return the availability zones of the project's networks."""
        return self.clouds.bindings.list_zones(db, project_id)
