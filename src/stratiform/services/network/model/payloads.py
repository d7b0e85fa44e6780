"""Networks, subnets and ports as in Neutron's notifications. Source: messages recorded from a real Neutron."""

from collections.abc import Sequence

from stratiform.kit.clock import format_iso_seconds
from stratiform.services.network.model.resources import Attributes, Network, Port, Subnet


def describe_network(network: Network, subnet_ids: Sequence[str], zones: Sequence[str]) -> Attributes:
    return _describe_standard(network) | {
        "admin_state_up": network.admin_state_up,
        "availability_zone_hints": [],
        "availability_zones": list(zones),
        "dns_domain": network.dns_domain or "",
        "is_default": network.is_default,
        "mtu": network.mtu,
        "port_security_enabled": network.port_security_enabled,
        "provider:network_type": network.provider_network_type,
        "provider:physical_network": network.provider_physical_network,
        "provider:segmentation_id": network.provider_segmentation_id,
        "qos_policy_id": network.qos_policy_id,
        "router:external": network.external,
        "shared": network.shared,
        "status": "ACTIVE",
        "subnets": list(subnet_ids),
    }


def describe_subnet(subnet: Subnet) -> Attributes:
    return _describe_standard(subnet) | {
        "allocation_pools": subnet.allocation_pools,
        "cidr": subnet.cidr,
        "dns_nameservers": subnet.dns_nameservers,
        "enable_dhcp": subnet.enable_dhcp,
        "gateway_ip": subnet.gateway_ip,
        "host_routes": subnet.host_routes,
        "ip_version": subnet.ip_version,
        "ipv6_address_mode": subnet.ipv6_address_mode,
        "ipv6_ra_mode": subnet.ipv6_ra_mode,
        "network_id": subnet.network_id,
        "service_types": subnet.service_types,
        "subnetpool_id": subnet.subnetpool_id,
    }


def describe_port(port: Port) -> Attributes:
    return _describe_standard(port) | {
        "admin_state_up": port.admin_state_up,
        "allowed_address_pairs": port.allowed_address_pairs or [],
        "binding:host_id": port.host,
        "binding:profile": port.profile,
        "binding:vif_type": "other" if port.device_id else "unbound",
        "binding:vnic_type": port.vnic_type,
        "device_id": port.device_id,
        "device_owner": port.device_owner,
        "dns_name": port.dns_name or "",
        "extra_dhcp_opts": port.extra_dhcp_opts or [],
        "fixed_ips": port.fixed_ips,
        "mac_address": port.mac_address,
        "network_id": port.network_id,
        "port_security_enabled": port.port_security_enabled,
        "qos_policy_id": port.qos_policy_id,
        "security_groups": port.security_groups,
        "status": port.status,
    }


def _describe_standard(resource: Network | Subnet | Port) -> Attributes:
    return {
        "id": resource.id,
        "name": resource.name,
        "description": resource.description,
        "project_id": resource.project_id,
        "tenant_id": resource.project_id,
        "tags": resource.tags,
        "created_at": format_iso_seconds(resource.created_at),
        "updated_at": format_iso_seconds(resource.updated_at),
        "revision_number": resource.revision,
    }
