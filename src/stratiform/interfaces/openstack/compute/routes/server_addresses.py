"""`/servers/{server_id}/ips`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import server_networking as schemas
from stratiform.interfaces.openstack.compute.views import server_networking as views
from stratiform.services.compute import policy


@api.get("/servers/{server_id}/ips", policy.SERVER_ADDRESSES_LIST)
def list_addresses(request: ApiRequest, server_id: str) -> schemas.AddressesResponse:
    ports_by_network = request.services.compute.server_addresses.list(request.ctx, server_id)
    all_ports = [port for ports in ports_by_network.values() for port in ports]
    floating_ips = request.services.network.server_ports.list_floating_addresses(request.ctx.db, all_ports)
    return schemas.AddressesResponse(
        {name: views.addresses(ports, floating_ips) for name, ports in ports_by_network.items()}
    )


@api.get("/servers/{server_id}/ips/{network_label}", policy.SERVER_ADDRESSES_SHOW)
def show_addresses(request: ApiRequest, server_id: str, network_label: str) -> dict[str, list[schemas.Address]]:
    ports = request.services.compute.server_addresses.get(request.ctx, server_id, network_label)
    floating_ips = request.services.network.server_ports.list_floating_addresses(request.ctx.db, ports)
    return {network_label: views.addresses(ports, floating_ips)}
