"""`/floatingips`, `/floatingip_pools` and port forwardings."""

from collections.abc import Mapping

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.resource_routes import declare_resource
from stratiform.services.network import policy
from stratiform.services.network.errors.routing import FloatingIpUsedByPortForwarding
from stratiform.services.network.model.declared_types.routing import FLOATING_IP, PORT_FORWARDING

_floating_ips = declare_resource(FLOATING_IP, without=("delete",))
_port_forwardings = declare_resource(PORT_FORWARDING, without=("delete",))


@api.delete(_floating_ips.item_path, policy.FLOATING_IPS.delete, errors=(FloatingIpUsedByPortForwarding,))
def delete_floating_ip(request: ApiRequest, floatingip_id: str) -> None:
    _floating_ips.get_for_change(request, {"floatingip_id": floatingip_id})
    request.services.network.floating_ips.delete(request.ctx, floatingip_id)


@api.delete(_port_forwardings.item_path, policy.PORT_FORWARDINGS.delete)
def delete_port_forwarding(request: ApiRequest, **ids: str) -> None:
    _port_forwardings.get_for_change(request, ids)
    _delete_forwarding(request, ids)


def _delete_forwarding(request: ApiRequest, ids: Mapping[str, str]) -> None:
    service = request.services.network
    service.port_forwardings.collection.delete(request.ctx, ids["port_forwarding_id"])
    service.port_forwardings.release_unused_router(request.ctx, ids["floatingip_id"])
