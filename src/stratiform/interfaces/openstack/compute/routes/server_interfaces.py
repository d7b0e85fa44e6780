"""`/servers/{server_id}/os-interface`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.parsing import parse_uuid
from stratiform.interfaces.openstack.compute.schemas import server_networking as schemas
from stratiform.interfaces.openstack.compute.views import server_networking as views
from stratiform.kit.errors import Conflict, Invalid, UnsupportedOperation
from stratiform.services.compute import policy
from stratiform.services.network.model import NicRequest

_ERRORS = (Conflict, UnsupportedOperation)


@api.get("/servers/{server_id}/os-interface", policy.SERVER_INTERFACES_LIST)
def list_interfaces(request: ApiRequest, server_id: str) -> schemas.InterfaceAttachmentsResponse:
    ports = request.services.compute.server_interfaces.list(request.ctx, server_id)
    return schemas.InterfaceAttachmentsResponse([views.interface_attachment(port) for port in ports])


@api.get("/servers/{server_id}/os-interface/{port_id}", policy.SERVER_INTERFACES_SHOW)
def show_interface(request: ApiRequest, server_id: str, port_id: str) -> schemas.InterfaceAttachmentResponse:
    port = request.services.compute.server_interfaces.get(request.ctx, server_id, port_id)
    return schemas.InterfaceAttachmentResponse(views.interface_attachment(port))


@api.post("/servers/{server_id}/os-interface", policy.SERVER_INTERFACES_CREATE, errors=_ERRORS)
def attach_interface(
    request: ApiRequest, server_id: str, body: schemas.InterfaceAttachmentCreateRequest
) -> schemas.InterfaceAttachmentResponse:
    nic = _nic_request(body.interface_attachment)
    port = request.services.compute.server_interfaces.attach(request.ctx, server_id, nic)
    return schemas.InterfaceAttachmentResponse(views.interface_attachment(port))


@api.delete("/servers/{server_id}/os-interface/{port_id}", policy.SERVER_INTERFACES_DELETE, status=202, errors=_ERRORS)
def detach_interface(request: ApiRequest, server_id: str, port_id: str) -> None:
    request.services.compute.server_interfaces.detach(request.ctx, server_id, port_id)


def _nic_request(new: schemas.InterfaceAttachmentCreate) -> NicRequest | None:
    """Return the requested port; None for one on the project's only network. Raises InvalidField, Invalid."""
    port_id = parse_uuid(new.port_id, "port_id") if isinstance(new.port_id, str) else None
    network_id = parse_uuid(new.net_id, "net_id") if isinstance(new.net_id, str) else None
    fixed_ips = new.fixed_ips if isinstance(new.fixed_ips, list) else []
    if port_id is not None and network_id is not None:
        raise Invalid("Must not input both network_id and port_id")
    if fixed_ips and network_id is None:
        raise Invalid("Must input network_id when request IP address")
    if len(fixed_ips) > 1:
        raise Invalid("An interface has one requested IP address.")
    if port_id is None and network_id is None:
        return None
    return NicRequest(network_id, port_id, fixed_ips[0].ip_address if fixed_ips else None)
