"""`/subnets`."""

from collections.abc import Mapping, Sequence

from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network import views
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.list_queries import next_links, parse_list_query, select_fields
from stratiform.interfaces.openstack.network.schemas import subnets as schemas
from stratiform.interfaces.openstack.network.schemas.common import (
    OWNERSHIP_FIELDS,
    FieldsQuery,
    get_requested_project_id,
    get_set_attributes,
)
from stratiform.services.network import policy
from stratiform.services.network.errors import (
    BadRequest,
    GatewayConflictWithAllocationPools,
    NetworkNotFound,
    OverlappingAllocationPools,
    SubnetInUse,
    SubnetPoolNotFound,
)
from stratiform.services.network.errors.addressing import SubnetAllocationFailed
from stratiform.services.network.model import NewSubnet, Subnet

#: The fields of a request that are fields of NewSubnet, or not stored.
_NEW_SUBNET_FIELDS = (
    *OWNERSHIP_FIELDS,
    "network_id",
    "ip_version",
    "cidr",
    "gateway_ip",
    "allocation_pools",
    "subnetpool_id",
    "prefixlen",
    "use_default_subnetpool",
)

_CONFLICTS = (OverlappingAllocationPools, GatewayConflictWithAllocationPools)


@api.post(
    "/subnets",
    policy.SUBNETS_CREATE,
    status=201,
    errors=(NetworkNotFound, SubnetPoolNotFound, SubnetAllocationFailed, *_CONFLICTS),
    manages_transactions=True,
)
def create_subnets(
    request: ApiRequest, body: schemas.SubnetCreateRequest
) -> schemas.SubnetResponse | schemas.SubnetsResponse:
    """Create one subnet, or several in one transaction."""
    if body.subnets is not UNSET:
        subnets = _create(request, body.subnets)
        return schemas.SubnetsResponse([views.subnet(subnet) for subnet in subnets])
    if body.subnet is UNSET:
        raise BadRequest("Unable to find 'subnet' in request body")
    return schemas.SubnetResponse(views.subnet(_create(request, [body.subnet])[0]))


@api.get("/subnets", policy.SUBNETS_GET)
def list_subnets(request: ApiRequest, query: schemas.SubnetListQuery) -> schemas.SubnetsResponse:
    subnets = request.services.network.subnets.list(request.ctx, parse_list_query(request, query))
    items = [select_fields(views.subnet(subnet), query.fields) for subnet in subnets.items]
    return schemas.SubnetsResponse(items, next_links(request, subnets))


@api.get("/subnets/{subnet_id}", policy.SUBNETS_GET)
def show_subnet(request: ApiRequest, subnet_id: str, query: FieldsQuery) -> schemas.SubnetResponse:
    subnet = request.services.network.subnets.get(request.ctx, subnet_id)
    return schemas.SubnetResponse(select_fields(views.subnet(subnet), query.fields))


@api.put("/subnets/{subnet_id}", policy.SUBNETS_UPDATE, errors=_CONFLICTS)
def update_subnet(request: ApiRequest, subnet_id: str, body: schemas.SubnetUpdateRequest) -> schemas.SubnetResponse:
    subnet = request.services.network.subnets.update(request.ctx, subnet_id, get_set_attributes(body.subnet))
    return schemas.SubnetResponse(views.subnet(subnet))


@api.delete("/subnets/{subnet_id}", policy.SUBNETS_DELETE, errors=(SubnetInUse,))
def delete_subnet(request: ApiRequest, subnet_id: str) -> None:
    request.services.network.subnets.delete(request.ctx, subnet_id)


def _create(request: ApiRequest, requests: Sequence[schemas.SubnetCreate]) -> list[Subnet]:
    """Create subnets in one transaction. What clouds reserve is read before, with no transaction open."""
    subnets, owners = request.services.network.subnets, _list_owners(request, requests)
    reserved = {network_id: subnets.get_reserved_addresses(project_id) for network_id, project_id in owners.items()}
    new_subnets = [(_new_subnet(new), get_requested_project_id(new)) for new in requests]
    projects = [project_id or owners[new.network_id] for new, project_id in new_subnets]
    with request.write_transaction() as ctx:
        subnets.lock_networks(ctx, projects, [new for new, _ in new_subnets])
        return [subnets.create(ctx, new, project_id, reserved[new.network_id]) for new, project_id in new_subnets]


def _list_owners(request: ApiRequest, requests: Sequence[schemas.SubnetCreate]) -> Mapping[str, str]:
    """Return the project of each network."""
    networks = request.services.network.networks
    with request.read_transaction() as ctx:
        return {new.network_id: networks.get(ctx, new.network_id).project_id for new in requests}


def _new_subnet(new: schemas.SubnetCreate) -> NewSubnet:
    return NewSubnet(
        network_id=new.network_id,
        ip_version=new.ip_version,
        cidr=None if new.cidr is UNSET else new.cidr,
        gateway_ip="" if new.gateway_ip is UNSET else new.gateway_ip,
        pools=get_set_attributes(new).get("allocation_pools"),
        attributes=get_set_attributes(new, *_NEW_SUBNET_FIELDS),
        pool_id=None if new.subnetpool_id is UNSET else new.subnetpool_id,
        use_default_pool=new.use_default_subnetpool is True,
        prefix_length=None if new.prefixlen is UNSET else new.prefixlen,
    )
