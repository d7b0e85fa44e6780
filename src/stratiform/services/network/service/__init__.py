"""The network service."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.kit.database import Database
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network.model.declared_types import security
from stratiform.services.network.service.default_networks import DefaultNetworks
from stratiform.services.network.service.ip_availabilities import IpAvailabilities
from stratiform.services.network.service.native_subnets import NativeSubnets
from stratiform.services.network.service.networks import Networks
from stratiform.services.network.service.ports import Ports
from stratiform.services.network.service.quotas import Quotas
from stratiform.services.network.service.resource_collection import ResourceCollection, ResourceDependencies
from stratiform.services.network.service.security_group_rules import DefaultSecurityGroupRules, SecurityGroupRules
from stratiform.services.network.service.security_groups import SecurityGroups
from stratiform.services.network.service.server_ports import ServerPorts
from stratiform.services.network.service.subnets import Subnets


@dataclass(frozen=True, slots=True)
class NetworkService:
    """Networks, subnets, ports, IP addresses and security groups; `collections`: the declared types by name."""

    networks: Networks
    subnets: Subnets
    ports: Ports
    server_ports: ServerPorts
    native_subnets: NativeSubnets
    default_networks: DefaultNetworks
    ip_availabilities: IpAvailabilities
    quotas: Quotas
    security_groups: SecurityGroups
    collections: Mapping[str, ResourceCollection]

    @classmethod
    def build(cls, *, database: Database, ids: Ids, clouds: CloudsService) -> "NetworkService":
        """Compose the service."""
        quotas = Quotas()
        dependencies = ResourceDependencies(ids, quotas, clouds)
        rules = SecurityGroupRules(dependencies)
        groups = SecurityGroups(dependencies, rules)
        networks = Networks(ids, clouds, quotas)
        subnets = Subnets(database, ids, clouds, networks, quotas)
        ports = Ports(ids, networks, groups, quotas)
        collections = [
            groups.collection,
            rules.collection,
            DefaultSecurityGroupRules(dependencies).collection,
            dependencies.build(security.DEFAULT_STATEFULNESS),
        ]
        return cls(
            networks=networks,
            subnets=subnets,
            ports=ports,
            server_ports=ServerPorts(ids, ports),
            native_subnets=NativeSubnets(database, clouds),
            default_networks=DefaultNetworks(networks, subnets),
            ip_availabilities=IpAvailabilities(),
            quotas=quotas,
            security_groups=groups,
            collections={collection.resource_type.name: collection for collection in collections},
        )
