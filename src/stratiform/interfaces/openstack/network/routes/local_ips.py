"""`/local_ips` and their associations with ports, whose id in paths is that of the port."""

from collections.abc import Mapping
from typing import Any

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.resource_routes import Body, annotate, declare_resource
from stratiform.interfaces.openstack.network.schemas.common import FieldsQuery
from stratiform.services.network import policy
from stratiform.services.network.errors.local_ips import LocalIpAssociationNotFound, LocalIpInUse
from stratiform.services.network.model.declared_types.local_ips import (
    LOCAL_IP,
    PORT_ASSOCIATION,
    get_association_id,
)
from stratiform.services.network.model.resource_types import Resource

_local_ips = declare_resource(LOCAL_IP, without=("delete",))
_associations = declare_resource(PORT_ASSOCIATION, without=("show", "delete"))


@api.delete(_local_ips.item_path, policy.LOCAL_IPS.delete, errors=(LocalIpInUse,))
def delete_local_ip(request: ApiRequest, local_ip_id: str) -> None:
    _local_ips.get_for_change(request, {"local_ip_id": local_ip_id})
    request.services.network.local_ips.delete(request.ctx, local_ip_id)


def show_port_association(request: ApiRequest, query: FieldsQuery, **ids: str) -> Any:
    body: Body = _associations.respond_one(request, _get(request, ids), query.fields)
    return body


api.get(_associations.item_path, policy.LOCAL_IP_ASSOCIATIONS.get)(
    annotate(show_port_association, returns=_associations.schemas.response)
)


@api.delete(_associations.item_path, policy.LOCAL_IP_ASSOCIATIONS.delete)
def delete_port_association(request: ApiRequest, **ids: str) -> None:
    association = _get(request, ids)
    request.services.network.local_ips.associations.delete(request.ctx, association.id)


def _get(request: ApiRequest, ids: Mapping[str, str]) -> Resource:
    """Raises: LocalIpNotFound, LocalIpAssociationNotFound."""
    local_ip_id, port_id = ids["local_ip_id"], ids["port_id"]
    try:
        return _associations.get(request, {**ids, "port_id": get_association_id(local_ip_id, port_id)})
    except LocalIpAssociationNotFound as error:
        raise LocalIpAssociationNotFound(local_ip_id, port_id) from error
