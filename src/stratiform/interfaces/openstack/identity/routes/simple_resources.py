"""`/policies`, `/limits`, `/registered_limits`, `/OS-EP-FILTER/endpoint_groups` and `/OS-FEDERATION`.

Each row of a table declares the five endpoints of one kind of resource.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.declaration import name_after_resource
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.schemas import simple_resources as schemas
from stratiform.interfaces.openstack.identity.schemas.common import PageQuery, ResourceBody
from stratiform.interfaces.openstack.identity.views.links import page_links, self_link
from stratiform.kit.pagination import Slice
from stratiform.services.identity import policy
from stratiform.services.identity.errors import DuplicateResource, LimitRejected
from stratiform.services.identity.model import JsonObject
from stratiform.services.identity.model import simple_resources as kinds
from stratiform.services.identity.model.simple_resources import ResourceKind, SimpleResource

#: Attributes for which clients send null if they do not specify them.
_NULL_IS_UNSET = ("name", "filters", "schema_version")

_FEDERATION = "/OS-FEDERATION"
_PROVIDER = f"{_FEDERATION}/identity_providers/{{idp_id}}"


@dataclass(frozen=True, slots=True)
class Collection:
    """The routes of one kind: `member` and `members` are keys of bodies, `parameter` names the id in the path.

    `create` None: the resource is created elsewhere. `put`: by PUT, with an id that the client chooses.
    `parent`: the path parameter with the id of the resource that contains it.
    """

    kind: ResourceKind
    path: str
    member: str
    members: str
    parameter: str
    create: type[Struct] | None
    update: type[Struct]
    query: type[PageQuery] = PageQuery
    put: bool = False
    parent: str = ""


_COLLECTIONS = (
    Collection(
        kinds.POLICY, "/policies", "policy", "policies", "identity_policy_id",
        schemas.PolicyCreate, schemas.PolicyUpdate, schemas.PolicyListQuery,
    ),
    Collection(
        kinds.REGISTERED_LIMIT, "/registered_limits", "registered_limit", "registered_limits", "registered_limit_id",
        None, schemas.RegisteredLimitUpdate, schemas.RegisteredLimitListQuery,
    ),
    Collection(
        kinds.LIMIT, "/limits", "limit", "limits", "limit_id", None, schemas.LimitUpdate, schemas.LimitListQuery
    ),
    Collection(
        kinds.ENDPOINT_GROUP, "/OS-EP-FILTER/endpoint_groups", "endpoint_group", "endpoint_groups",
        "endpoint_group_id", schemas.EndpointGroupCreate, schemas.EndpointGroupUpdate, schemas.EndpointGroupListQuery,
    ),
    Collection(
        kinds.IDENTITY_PROVIDER, f"{_FEDERATION}/identity_providers", "identity_provider", "identity_providers",
        "idp_id", schemas.IdentityProviderCreate, schemas.IdentityProviderUpdate, schemas.IdentityProviderListQuery,
        put=True,
    ),
    Collection(
        kinds.MAPPING, f"{_FEDERATION}/mappings", "mapping", "mappings", "mapping_id",
        schemas.MappingUpdate, schemas.MappingUpdate, put=True,
    ),
    Collection(
        kinds.PROTOCOL, f"{_PROVIDER}/protocols", "protocol", "protocols", "protocol_id",
        schemas.ProtocolCreate, schemas.ProtocolUpdate, put=True, parent="idp_id",
    ),
    Collection(
        kinds.SERVICE_PROVIDER, f"{_FEDERATION}/service_providers", "service_provider", "service_providers",
        "sp_id", schemas.ServiceProviderCreate, schemas.ServiceProviderUpdate, put=True,
    ),
)  # fmt: skip


def _declare(collection: Collection) -> None:
    """Declare the endpoints that list, create, show, update and delete the resources of a collection."""
    kind, rules = collection.kind, collection.kind.rules
    path = f"{collection.path}/{{{collection.parameter}}}"
    conflicts = (DuplicateResource, LimitRejected)

    def list_resources(request: ApiRequest, query: PageQuery, **ids: str) -> JsonObject:
        list_query = query.build_list_query()
        parent = ids.get(collection.parent, "")
        records = request.services.identity.simple_resources.list(
            request.ctx, kind, dict(list_query.filters), list_query.page, parent=parent
        )
        return _list_response(request, collection, records)

    def create_resource(request: ApiRequest, body: Any, **ids: str) -> JsonObject:
        record = request.services.identity.simple_resources.create(
            request.ctx,
            kind,
            _attributes(getattr(body, collection.member)),
            resource_id=ids.get(collection.parameter, ""),
            parent=ids.get(collection.parent, ""),
        )
        return _response(request, collection, record)

    @api.get(path, rules.get)
    @api.head(path, rules.get)
    def show_resource(request: ApiRequest, **ids: str) -> JsonObject:
        return _response(request, collection, _get(request, collection, ids))

    def update_resource(request: ApiRequest, body: Any, **ids: str) -> JsonObject:
        record = request.services.identity.simple_resources.update(
            request.ctx,
            kind,
            ids[collection.parameter],
            _attributes(getattr(body, collection.member)),
            parent=ids.get(collection.parent, ""),
        )
        return _response(request, collection, record)

    @api.delete(path, rules.delete, errors=conflicts)
    def delete_resource(request: ApiRequest, **ids: str) -> None:
        request.services.identity.simple_resources.delete(
            request.ctx, kind, ids[collection.parameter], parent=ids.get(collection.parent, "")
        )

    list_resources.__annotations__["query"] = collection.query
    update_resource.__annotations__["body"] = _build_request("Update", collection, collection.update)
    api.get(collection.path, rules.list)(list_resources)
    api.patch(path, rules.update, errors=conflicts)(update_resource)
    if collection.create is not None:
        create_resource.__annotations__["body"] = _build_request("Create", collection, collection.create)
        declare = api.put if collection.put else api.post
        target = path if collection.put else collection.path
        declare(target, rules.create, status=201, errors=conflicts)(create_resource)
    for function in (list_resources, create_resource, show_resource, update_resource, delete_resource):
        name_after_resource(function, collection.member, collection.members)


def _build_request(action: str, collection: Collection, attributes: type[Struct]) -> type[Struct]:
    """Return the struct of a request body with one resource."""
    name = "".join(item.capitalize() for item in collection.member.split("_"))
    return msgspec.defstruct(f"{name}{action}Request", [(collection.member, attributes)], module=__name__)


def _attributes(resource: Struct) -> JsonObject:
    """Return the attributes that a request has, also undeclared ones if the resource stores them."""
    if isinstance(resource, ResourceBody):
        return resource.get_declared_attributes() | resource.get_extra_attributes()
    attributes = dict(msgspec.to_builtins(resource))
    return {name: value for name, value in attributes.items() if value is not None or name not in _NULL_IS_UNSET}


def _get(request: ApiRequest, collection: Collection, ids: dict[str, str]) -> SimpleResource:
    return request.services.identity.simple_resources.get(
        request.ctx, collection.kind, ids[collection.parameter], parent=ids.get(collection.parent, "")
    )


def _view(request: ApiRequest, collection: Collection, record: SimpleResource) -> JsonObject:
    resource_id = record.id.rpartition("/")[2] if collection.parent else record.id
    path = collection.path.strip("/")
    if collection.parent:
        path = path.replace(f"{{{collection.parent}}}", record.owner_id)
    links: JsonObject = {"self": self_link(request.view, path, resource_id).self_url}
    if collection.kind == kinds.IDENTITY_PROVIDER:
        links["protocols"] = links["self"] + "/protocols"
    if collection.kind == kinds.PROTOCOL:
        links["identity_provider"] = links["self"].partition("/protocols/")[0]
    return {**record.attributes, "id": resource_id, "links": links}


def _response(request: ApiRequest, collection: Collection, record: SimpleResource) -> JsonObject:
    return {collection.member: _view(request, collection, record)}


def _list_response(request: ApiRequest, collection: Collection, records: Slice[SimpleResource]) -> JsonObject:
    items = [_view(request, collection, record) for record in records.items]
    return {collection.members: items, "links": msgspec.to_builtins(page_links(request, records))}


for _collection in _COLLECTIONS:
    _declare(_collection)

_REGISTERED_LIMITS, _LIMITS = _COLLECTIONS[1:3]


def _create_all(request: ApiRequest, collection: Collection, resources: list[Any]) -> JsonObject:
    create: Callable[..., SimpleResource] = request.services.identity.simple_resources.create
    records = [create(request.ctx, collection.kind, _attributes(resource)) for resource in resources]
    return _list_response(request, collection, Slice(records, more=False))


@api.post("/registered_limits", policy.REGISTERED_LIMITS.create, status=201, errors=(DuplicateResource,))
def create_registered_limits(request: ApiRequest, body: schemas.RegisteredLimitsRequest) -> JsonObject:
    """Create several registered limits, or none of them."""
    return _create_all(request, _REGISTERED_LIMITS, body.registered_limits)


@api.post("/limits", policy.LIMITS.create, status=201, errors=(DuplicateResource, LimitRejected))
def create_limits(request: ApiRequest, body: schemas.LimitsRequest) -> JsonObject:
    """Create several limits, or none of them."""
    return _create_all(request, _LIMITS, body.limits)


@api.get("/limits/model", policy.GET_LIMIT_MODEL)
def show_limit_model(_request: ApiRequest) -> JsonObject:
    description = "Limit enforcement and validation does not take project hierarchy into consideration."
    return {"model": {"name": "flat", "description": description}}
