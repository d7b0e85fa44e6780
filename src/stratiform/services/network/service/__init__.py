"""The network service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stratiform.kit.database import Database
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network.model.declared_types import addressing, security
from stratiform.services.network.service.agents import Agents
from stratiform.services.network.service.auto_allocated_topologies import AutoAllocatedTopologies
from stratiform.services.network.service.cloud_objects import CloudObjects
from stratiform.services.network.service.conntrack_helpers import ConntrackHelpers
from stratiform.services.network.service.default_networks import DefaultNetworks
from stratiform.services.network.service.flavors import Flavors
from stratiform.services.network.service.floating_addresses import FloatingAddresses
from stratiform.services.network.service.floating_ips import FloatingIps, FloatingIpsOfPorts
from stratiform.services.network.service.guest_interfaces import GuestInterfaces
from stratiform.services.network.service.ip_availabilities import IpAvailabilities
from stratiform.services.network.service.local_ips import LocalIps
from stratiform.services.network.service.native_subnets import NativeSubnets
from stratiform.services.network.service.ndp_proxies import NdpProxies
from stratiform.services.network.service.networks import Networks
from stratiform.services.network.service.notifications import Notifications
from stratiform.services.network.service.port_forwardings import PortForwardings
from stratiform.services.network.service.ports import Ports
from stratiform.services.network.service.quotas import Quotas
from stratiform.services.network.service.resource_collection import ResourceCollection, ResourceDependencies
from stratiform.services.network.service.router_interfaces import RouterInterfaces
from stratiform.services.network.service.routers import Routers
from stratiform.services.network.service.security_group_rules import DefaultSecurityGroupRules, SecurityGroupRules
from stratiform.services.network.service.security_groups import SecurityGroups
from stratiform.services.network.service.segments import Segments
from stratiform.services.network.service.server_ports import ServerPorts
from stratiform.services.network.service.service_ports import ServicePorts
from stratiform.services.network.service.shared_resources import (
    AddressGroups,
    QosPolicies,
    RbacPolicies,
    Trunks,
    build_metering_collections,
)
from stratiform.services.network.service.subnet_pools import SubnetPools
from stratiform.services.network.service.subnets import Subnets


@dataclass(frozen=True, slots=True)
class NetworkService:
    """Networks, subnets, ports, IP addresses and security groups; `collections`: the declared types by name."""

    networks: Networks
    subnets: Subnets
    ports: Ports
    server_ports: ServerPorts
    guest_interfaces: GuestInterfaces
    native_subnets: NativeSubnets
    default_networks: DefaultNetworks
    ip_availabilities: IpAvailabilities
    quotas: Quotas
    security_groups: SecurityGroups
    routers: Routers
    router_interfaces: RouterInterfaces
    floating_ips: FloatingIps
    floating_addresses: FloatingAddresses
    port_forwardings: PortForwardings
    subnet_pools: SubnetPools
    auto_allocated_topologies: AutoAllocatedTopologies
    cloud_objects: CloudObjects
    agents: Agents
    address_groups: AddressGroups
    trunks: Trunks
    flavors: Flavors
    segments: Segments
    local_ips: LocalIps
    collections: Mapping[str, ResourceCollection]

    @classmethod
    def build(cls, *, database: Database, ids: Ids, clouds: CloudsService) -> "NetworkService":
        """Compose the service."""
        quotas = Quotas()
        dependencies = ResourceDependencies(ids, quotas, clouds)
        rules = SecurityGroupRules(dependencies)
        templates = DefaultSecurityGroupRules(dependencies)
        groups = SecurityGroups(dependencies, rules, templates)
        pools = SubnetPools(dependencies)
        port_users = FloatingIpsOfPorts()
        networks = Networks(ids, clouds, quotas, port_users, Notifications(ids, clouds))
        subnets = Subnets(database, ids, clouds, networks, quotas, pools)
        ports = Ports(ids, networks, groups, quotas, port_users)
        service_ports = ServicePorts(ids)
        local_ips = LocalIps(dependencies, ports, service_ports)
        flavors, segments = Flavors(dependencies), Segments(dependencies)
        routers = Routers(dependencies, networks, service_ports, flavors)
        router_interfaces = RouterInterfaces(routers, subnets, ports)
        floating_ips = FloatingIps(dependencies, networks, ports, service_ports)
        port_users.floating_ips = floating_ips
        port_forwardings = PortForwardings(floating_ips)
        address_groups, trunks = AddressGroups(dependencies), Trunks(dependencies, ports)
        return cls(
            networks=networks,
            subnets=subnets,
            ports=ports,
            server_ports=ServerPorts(ids, ports),
            guest_interfaces=GuestInterfaces(),
            native_subnets=NativeSubnets(database, clouds),
            default_networks=DefaultNetworks(networks, subnets),
            ip_availabilities=IpAvailabilities(),
            quotas=quotas,
            security_groups=groups,
            routers=routers,
            router_interfaces=router_interfaces,
            floating_ips=floating_ips,
            floating_addresses=FloatingAddresses(ids, clouds),
            port_forwardings=port_forwardings,
            subnet_pools=pools,
            auto_allocated_topologies=AutoAllocatedTopologies(router_interfaces),
            cloud_objects=CloudObjects(database, clouds),
            agents=Agents(clouds),
            address_groups=address_groups,
            trunks=trunks,
            flavors=flavors,
            segments=segments,
            local_ips=local_ips,
            collections=_build_collections(
                dependencies,
                (local_ips.associations, flavors.profiles),
                (groups, rules, templates, pools, address_groups, segments),
                (routers, floating_ips, port_forwardings, trunks, flavors),
                (ConntrackHelpers(routers), NdpProxies(routers, ports), local_ips),
            ),
        )


class _HasCollection(Protocol):
    @property
    def collection(self) -> ResourceCollection: ...


def _build_collections(
    dependencies: ResourceDependencies, others: Sequence[ResourceCollection], *groups: Sequence[_HasCollection]
) -> Mapping[str, ResourceCollection]:
    """Return the collections of all declared types by name: `others`, those of `groups`, and the rest."""
    qos = QosPolicies(dependencies)
    collections = [
        *(item.collection for group in groups for item in group),
        dependencies.build(security.DEFAULT_STATEFULNESS),
        dependencies.build(addressing.ADDRESS_SCOPE),
        RbacPolicies(dependencies).collection,
        qos.collection,
        *qos.build_rule_collections(),
        *build_metering_collections(dependencies),
        *others,
    ]
    return {collection.resource_type.name: collection for collection in collections}
