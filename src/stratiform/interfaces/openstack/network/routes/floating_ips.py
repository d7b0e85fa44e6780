"""`/floatingips`, `/floatingip_pools` and port forwardings.

A cloud that chooses the addresses of floating IPs is called between two transactions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.resource_routes import (
    Body,
    ResourceEndpoints,
    annotate,
    declare_resource,
    read_values,
)
from stratiform.interfaces.openstack.network.schemas.common import OWNERSHIP_FIELDS
from stratiform.services.network import policy
from stratiform.services.network.errors.routing import FloatingIpPortAlreadyAssociated, FloatingIpUsedByPortForwarding
from stratiform.services.network.model.declared_types.routing import FLOATING_IP, PORT_FORWARDING
from stratiform.services.network.service.floating_addresses import AddressReservation, FloatingAddresses

_floating_ips = declare_resource(FLOATING_IP, without=("create", "delete"))
_port_forwardings = declare_resource(PORT_FORWARDING, without=("delete",))


def _declare_create(endpoints: ResourceEndpoints) -> None:
    def create_floating_ips(request: ApiRequest, body: Any) -> Any:
        addresses, projects = request.services.network.floating_addresses, _list_projects(body)
        with request.read_transaction() as ctx:
            needed = [addresses.is_needed(ctx, project_id) for project_id in projects]
        if not any(needed):
            with request.write_transaction() as ctx:
                return endpoints.create(replace(request, context=ctx), body, {})
        with request.write_transaction() as ctx:
            reservations = [
                addresses.reserve(ctx, project_id) if is_needed else None
                for project_id, is_needed in zip(projects, needed, strict=True)
            ]
        try:
            allocated = [_allocate(addresses, reservation) for reservation in reservations]
            with request.write_transaction() as ctx:
                return endpoints.create(replace(request, context=ctx), body, {}, allocated)
        except Exception:
            with request.write_transaction() as ctx:
                addresses.release(ctx, [reservation for reservation in reservations if reservation is not None])
            raise

    function = annotate(create_floating_ips, body=endpoints.schemas.create, returns=endpoints.schemas.response)
    api.post(
        "/floatingips",
        policy.FLOATING_IPS.create,
        status=201,
        errors=(FloatingIpPortAlreadyAssociated,),
        manages_transactions=True,
    )(function)


def _list_projects(body: Any) -> Sequence[str | None]:
    """Return the project that each new floating IP of a request names."""
    several = getattr(body, "floatingips", None) or [body.floatingip]
    values: list[Body] = [read_values(new) for new in several if new is not UNSET]
    return [next((item[name] for name in OWNERSHIP_FIELDS if item.get(name)), None) for item in values]


def _allocate(addresses: FloatingAddresses, reservation: AddressReservation | None) -> tuple[str, Body]:
    """Return the id of a floating IP and the values that a cloud assigned."""
    if reservation is None:
        return "", {}
    return reservation.floating_ip_id, {"assigned_address": addresses.allocate(reservation)}


_declare_create(_floating_ips)


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
