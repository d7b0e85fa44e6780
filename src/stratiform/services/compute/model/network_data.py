"""The content of `network_data.json`. Source: nova/virt/netutils.py, get_network_metadata; its JSON schema."""

from collections.abc import Sequence
from ipaddress import ip_network

from stratiform.services.network.model import GuestInterface, Subnet

_JsonObject = dict[str, object]


def build_network_data(interfaces: Sequence[GuestInterface]) -> _JsonObject:
    """Return the links, networks and DNS servers of a guest."""
    links: list[_JsonObject] = []
    networks: list[_JsonObject] = []
    services: list[_JsonObject] = []
    for interface in interfaces:
        links.append(_build_link(interface))
        for fixed_ip in interface.port.fixed_ips:
            subnet = interface.subnets[fixed_ip["subnet_id"]]
            networks.append(_build_network(len(networks), interface, subnet, fixed_ip["ip_address"]))
            services += [service for service in _list_dns_services(subnet) if service not in services]
    return {"links": links, "networks": networks, "services": services}


def _build_link(interface: GuestInterface) -> _JsonObject:
    port = interface.port
    return {
        "id": _get_link_id(interface),
        "vif_id": port.id,
        "type": "phy",
        "mtu": interface.mtu,
        "ethernet_mac_address": port.mac_address,
    }


def _get_link_id(interface: GuestInterface) -> str:
    """Return the name of the interface: `tap` and the start of the port's id, as in Nova."""
    return f"tap{interface.port.id[:11]}"


def _build_network(number: int, interface: GuestInterface, subnet: Subnet, address: str) -> _JsonObject:
    kind = f"ipv{subnet.ip_version}"
    network: _JsonObject = {
        "id": f"network{number}",
        "type": f"{kind}_{subnet.ipv6_address_mode}" if subnet.ipv6_address_mode else kind,
        "link": _get_link_id(interface),
        "network_id": interface.port.network_id,
    }
    if subnet.enable_dhcp and not subnet.ipv6_address_mode:
        return network | {"type": f"{kind}_dhcp"}
    return network | {
        "ip_address": address,
        "netmask": str(ip_network(subnet.cidr).netmask),
        "routes": _list_routes(subnet),
        "services": _list_dns_services(subnet),
    }


def _list_routes(subnet: Subnet) -> list[_JsonObject]:
    """Return the default route, and the host routes of the subnet."""
    any_address = "::" if subnet.ip_version == 6 else "0.0.0.0"  # noqa: S104 - the default route
    routes: list[_JsonObject] = []
    if subnet.gateway_ip:
        routes.append({"network": any_address, "netmask": any_address, "gateway": subnet.gateway_ip})
    for route in subnet.host_routes:
        target = ip_network(route["destination"])
        routes.append(
            {"network": str(target.network_address), "netmask": str(target.netmask), "gateway": route["nexthop"]}
        )
    return routes


def _list_dns_services(subnet: Subnet) -> list[_JsonObject]:
    return [{"type": "dns", "address": address} for address in subnet.dns_nameservers]
