"""Responses of the Networking API. Source: Networking API v2.0."""

from collections.abc import Mapping, Sequence

from msgspec import UNSET, Raw

from stratiform.interfaces.endpoints import ViewContext
from stratiform.interfaces.endpoints.encoded_items import EncodedItems
from stratiform.interfaces.openstack.network.list_queries import select_fields
from stratiform.interfaces.openstack.network.schemas import ip_availabilities as ip_availability_schemas
from stratiform.interfaces.openstack.network.schemas import networks as network_schemas
from stratiform.interfaces.openstack.network.schemas import ports as port_schemas
from stratiform.interfaces.openstack.network.schemas import subnets as subnet_schemas
from stratiform.kit.clock import format_iso_seconds
from stratiform.services.network.model import (
    IpAvailability,
    Network,
    Port,
    Resource,
    Subnet,
)

_encoded_ports = EncodedItems()


def network(
    network: Network,
    subnets: Sequence[Subnet],
    zones: Sequence[str],
    segments: Sequence[Resource],
    scopes: Mapping[int, str],
) -> network_schemas.Network:
    """Return a network; `segments` replace the provider attributes if there are several.

    `scopes`: the address scopes by IP version.
    """
    response = _network(network, subnets, zones)
    response.ipv4_address_scope, response.ipv6_address_scope = scopes.get(4), scopes.get(6)
    if len(segments) > 1:
        response.segments = [
            network_schemas.ProviderSegment(
                segment["network_type"], segment["physical_network"], segment["segmentation_id"]
            )
            for segment in segments
        ]
        response.provider_network_type = UNSET
        response.provider_physical_network = UNSET
        response.provider_segmentation_id = UNSET
    return response


def _network(network: Network, subnets: Sequence[Subnet], zones: Sequence[str]) -> network_schemas.Network:
    return network_schemas.Network(
        id=network.id,
        name=network.name,
        description=network.description,
        project_id=network.project_id,
        tenant_id=network.project_id,
        tags=network.tags,
        created_at=format_iso_seconds(network.created_at),
        updated_at=format_iso_seconds(network.updated_at),
        revision_number=network.revision,
        admin_state_up=network.admin_state_up,
        subnets=[subnet.id for subnet in subnets],
        shared=network.shared,
        external=network.external,
        is_default=network.is_default,
        mtu=network.mtu,
        port_security_enabled=network.port_security_enabled,
        availability_zones=list(zones),
        dns_domain=network.dns_domain or "",
        qos_policy_id=network.qos_policy_id,
        provider_network_type=network.provider_network_type,
        provider_physical_network=network.provider_physical_network,
        provider_segmentation_id=network.provider_segmentation_id,
        vlan_transparent=network.vlan_transparent,
        l2_adjacency=not subnets or subnets[0].segment_id is None,
    )


def subnet(subnet: Subnet) -> subnet_schemas.Subnet:
    return subnet_schemas.Subnet(
        id=subnet.id,
        name=subnet.name,
        description=subnet.description,
        project_id=subnet.project_id,
        tenant_id=subnet.project_id,
        tags=subnet.tags,
        created_at=format_iso_seconds(subnet.created_at),
        updated_at=format_iso_seconds(subnet.updated_at),
        revision_number=subnet.revision,
        network_id=subnet.network_id,
        ip_version=subnet.ip_version,
        cidr=subnet.cidr,
        gateway_ip=subnet.gateway_ip,
        allocation_pools=subnet.allocation_pools,
        enable_dhcp=subnet.enable_dhcp,
        dns_nameservers=subnet.dns_nameservers,
        host_routes=subnet.host_routes,
        ipv6_address_mode=subnet.ipv6_address_mode,
        ipv6_ra_mode=subnet.ipv6_ra_mode,
        service_types=subnet.service_types,
        subnetpool_id=subnet.subnetpool_id,
        segment_id=subnet.segment_id,
    )


def port(port: Port) -> port_schemas.Port:
    return port_schemas.Port(
        id=port.id,
        name=port.name,
        description=port.description,
        project_id=port.project_id,
        tenant_id=port.project_id,
        tags=port.tags,
        created_at=format_iso_seconds(port.created_at),
        updated_at=format_iso_seconds(port.updated_at),
        revision_number=port.revision,
        network_id=port.network_id,
        admin_state_up=port.admin_state_up,
        status=port.status,
        mac_address=port.mac_address,
        fixed_ips=port.fixed_ips,
        device_id=port.device_id,
        device_owner=port.device_owner,
        security_groups=port.security_groups,
        port_security_enabled=port.port_security_enabled,
        vnic_type=port.vnic_type,
        host=port.host,
        profile=port.profile,
        allowed_address_pairs=port.allowed_address_pairs or [],
        extra_dhcp_opts=port.extra_dhcp_opts or [],
        dns_name=port.dns_name or "",
        qos_policy_id=port.qos_policy_id,
        ip_allocation="immediate" if port.fixed_ips else "none",
        vif_type="other" if port.device_id else "unbound",
    )


def encode_port(of: Port, fields: Sequence[str], view: ViewContext) -> Raw:
    """Return these fields of a port as JSON; no fields select all. The port is a shared record."""
    return _encoded_ports.encode((id(of), *fields), of, lambda: select_fields(port(of), fields), view)


def ip_availability(availability: IpAvailability) -> ip_availability_schemas.IpAvailability:
    return ip_availability_schemas.IpAvailability(
        network_id=availability.network.id,
        network_name=availability.network.name,
        project_id=availability.network.project_id,
        tenant_id=availability.network.project_id,
        total_ips=availability.total,
        used_ips=availability.used,
        subnet_ip_availability=[
            ip_availability_schemas.SubnetIpAvailability(
                subnet_id=item.subnet.id,
                subnet_name=item.subnet.name,
                cidr=item.subnet.cidr,
                ip_version=item.subnet.ip_version,
                total_ips=item.total,
                used_ips=item.used,
            )
            for item in availability.subnets
        ],
    )
