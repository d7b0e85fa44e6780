"""`/ports`."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.endpoints.encoded_items import encode_list
from stratiform.interfaces.openstack.network import views
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.list_queries import next_links, parse_list_query, select_fields
from stratiform.interfaces.openstack.network.schemas import ports as schemas
from stratiform.interfaces.openstack.network.schemas.common import (
    OWNERSHIP_FIELDS,
    FieldsQuery,
    get_requested_project_id,
    get_set_attributes,
)
from stratiform.services.network import policy
from stratiform.services.network.errors import (
    BadRequest,
    IpAddressGenerationFailure,
    IpAddressInUse,
    MacAddressInUse,
    NetworkNotFound,
    SubnetNotFound,
)
from stratiform.services.network.errors.security_groups import SecurityGroupNotFound
from stratiform.services.network.model import FixedIpRequest, NewPort, Port

#: The fields of a request that are fields of NewPort, or not stored.
_NEW_PORT_FIELDS = (*OWNERSHIP_FIELDS, "network_id", "fixed_ips", "mac_address", "security_groups")

_CONFLICTS = (IpAddressInUse, IpAddressGenerationFailure, MacAddressInUse)


@api.post(
    "/ports",
    policy.PORTS_CREATE,
    status=201,
    errors=(NetworkNotFound, SubnetNotFound, SecurityGroupNotFound, *_CONFLICTS),
)
def create_ports(request: ApiRequest, body: schemas.PortCreateRequest) -> schemas.PortResponse | schemas.PortsResponse:
    """Create one port, or several in one transaction."""
    if body.ports is not UNSET:
        return schemas.PortsResponse([views.port(port) for port in _create(request, body.ports)])
    if body.port is UNSET:
        raise BadRequest("Unable to find 'port' in request body")
    return schemas.PortResponse(views.port(_create(request, [body.port])[0]))


@api.get("/ports", policy.PORTS_GET)
def list_ports(request: ApiRequest, query: schemas.PortListQuery) -> ApiResponse[schemas.PortsResponse]:
    ports = request.services.network.ports.list(request.ctx, parse_list_query(request, query))
    items = [views.encode_port(port, query.fields, request.view) for port in ports.items]
    return ApiResponse(encoded=encode_list("ports", items, next_links(request, ports)))


@api.get("/ports/{port_id}", policy.PORTS_GET)
def show_port(request: ApiRequest, port_id: str, query: FieldsQuery) -> schemas.PortResponse:
    port = request.services.network.ports.get(request.ctx, port_id)
    return schemas.PortResponse(select_fields(views.port(port), query.fields))


@api.put("/ports/{port_id}", policy.PORTS_UPDATE, errors=_CONFLICTS)
def update_port(request: ApiRequest, port_id: str, body: schemas.PortUpdateRequest) -> schemas.PortResponse:
    changes, fixed_ips = _read_attributes(body.port, "fixed_ips"), _fixed_ips(body.port.fixed_ips)
    port = request.services.network.ports.update(request.ctx, port_id, changes, fixed_ips)
    return schemas.PortResponse(views.port(port))


@api.delete("/ports/{port_id}", policy.PORTS_DELETE)
def delete_port(request: ApiRequest, port_id: str) -> None:
    request.services.network.ports.delete(request.ctx, port_id)


def _create(request: ApiRequest, requests: Sequence[schemas.PortCreate]) -> list[Port]:
    ports = request.services.network.ports
    own = request.ctx.caller.project_id or ""
    owners = [get_requested_project_id(new) or own for new in requests]
    ports.lock_networks(request.ctx.db, owners, [new.network_id for new in requests])
    return [ports.create(request.ctx, _new_port(new), get_requested_project_id(new)) for new in requests]


def _new_port(new: schemas.PortCreate) -> NewPort:
    return NewPort(
        network_id=new.network_id,
        fixed_ips=_fixed_ips(new.fixed_ips),
        mac_address=None if new.mac_address is UNSET else new.mac_address,
        security_groups=None if new.security_groups is UNSET else new.security_groups,
        attributes=_read_attributes(new, *_NEW_PORT_FIELDS),
    )


def _fixed_ips(fixed_ips: Sequence[schemas.FixedIp] | UnsetType) -> list[FixedIpRequest] | None:
    if isinstance(fixed_ips, UnsetType):
        return None
    return [FixedIpRequest(fixed_ip.subnet_id, fixed_ip.ip_address) for fixed_ip in fixed_ips]


def _read_attributes(port: schemas.PortUpdate, *exclude: str) -> dict[str, Any]:
    """Return the attributes that a request sets. A binding profile of null is empty."""
    attributes = get_set_attributes(port, *exclude)
    if attributes.get("profile", {}) is None:
        attributes["profile"] = {}
    return attributes
