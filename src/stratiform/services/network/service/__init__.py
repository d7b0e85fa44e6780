"""The network service."""

from dataclasses import dataclass

from stratiform.kit.database import Database
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network.service.default_networks import DefaultNetworks
from stratiform.services.network.service.ip_availabilities import IpAvailabilities
from stratiform.services.network.service.native_subnets import NativeSubnets
from stratiform.services.network.service.networks import Networks
from stratiform.services.network.service.ports import Ports
from stratiform.services.network.service.quotas import Quotas
from stratiform.services.network.service.security_groups import SecurityGroupRules, SecurityGroups
from stratiform.services.network.service.server_ports import ServerPorts
from stratiform.services.network.service.subnets import Subnets


@dataclass(frozen=True, slots=True)
class NetworkService:
    """Networks, subnets, ports, IP addresses and security groups."""

    networks: Networks
    subnets: Subnets
    ports: Ports
    server_ports: ServerPorts
    native_subnets: NativeSubnets
    default_networks: DefaultNetworks
    ip_availabilities: IpAvailabilities
    quotas: Quotas
    security_groups: SecurityGroups
    security_group_rules: SecurityGroupRules

    @classmethod
    def build(cls, *, database: Database, ids: Ids, clouds: CloudsService) -> "NetworkService":
        """Compose the service."""
        networks = Networks(ids, clouds)
        subnets = Subnets(database, ids, clouds, networks)
        ports = Ports(ids, networks)
        return cls(
            networks=networks,
            subnets=subnets,
            ports=ports,
            server_ports=ServerPorts(ids, ports),
            native_subnets=NativeSubnets(database, clouds),
            default_networks=DefaultNetworks(networks, subnets),
            ip_availabilities=IpAvailabilities(),
            quotas=Quotas(),
            security_groups=SecurityGroups(),
            security_group_rules=SecurityGroupRules(),
        )
