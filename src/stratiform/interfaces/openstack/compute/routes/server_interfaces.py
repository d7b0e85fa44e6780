"""`/servers/{server_id}/os-interface`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import server_networking as schemas
from stratiform.interfaces.openstack.compute.views import server_networking as views
from stratiform.services.compute import policy


@api.get("/servers/{server_id}/os-interface", policy.SERVER_INTERFACES_LIST)
def list_interfaces(request: ApiRequest, server_id: str) -> schemas.InterfaceAttachmentsResponse:
    ports = request.services.compute.server_interfaces.list(request.ctx, server_id)
    return schemas.InterfaceAttachmentsResponse([views.interface_attachment(port) for port in ports])


@api.get("/servers/{server_id}/os-interface/{port_id}", policy.SERVER_INTERFACES_SHOW)
def show_interface(request: ApiRequest, server_id: str, port_id: str) -> schemas.InterfaceAttachmentResponse:
    port = request.services.compute.server_interfaces.get(request.ctx, server_id, port_id)
    return schemas.InterfaceAttachmentResponse(views.interface_attachment(port))
