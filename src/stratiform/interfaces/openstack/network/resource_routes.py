"""The endpoints of the declared resource types: create, list, show, update, delete, and tags."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.declaration import name_after_resource
from stratiform.interfaces.endpoints.field_restrictions import get_set_fields
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.list_queries import next_links, parse_list_query
from stratiform.interfaces.openstack.network.preconditions import check_revision
from stratiform.interfaces.openstack.network.resource_schemas import ResourceSchemas, build_schemas
from stratiform.interfaces.openstack.network.schemas.common import OWNERSHIP_FIELDS, FieldsQuery
from stratiform.kit.errors import Fault
from stratiform.services.network.errors import BadRequest
from stratiform.services.network.model.resource_types import Resource, ResourceType
from stratiform.services.network.service.resource_collection import NewResource, ResourceCollection

Body = dict[str, Any]

#: The id and the values of a new resource that the request does not have.
Assigned = tuple[str, Body]

_NOTHING: Assigned = ("", {})


@dataclass(frozen=True, slots=True)
class ResourceEndpoints:
    """Declares the endpoints of one type."""

    resource_type: ResourceType
    schemas: ResourceSchemas

    @property
    def item_path(self) -> str:
        return f"{self.resource_type.path}/{{{self.resource_type.id_parameter}}}"

    @property
    def conflicts(self) -> tuple[type[Fault], ...]:
        duplicate = self.resource_type.duplicate
        return () if duplicate is None else (duplicate,)

    def get_collection(self, request: ApiRequest) -> ResourceCollection:
        return request.services.network.collections[self.resource_type.name]

    def get(self, request: ApiRequest, ids: Mapping[str, str]) -> Resource:
        """Return the resource of a path. Raises the type's `not_found`, also for one of another parent."""
        parent_id = ids.get(self.resource_type.parent)
        return self.get_collection(request).get_in_parent(request.ctx, ids[self.resource_type.id_parameter], parent_id)

    def get_for_change(self, request: ApiRequest, ids: Mapping[str, str]) -> Resource:
        """Return the resource of a path, locked. Raises as `get`, and the errors of `check_revision`."""
        parent_id = ids.get(self.resource_type.parent)
        resource = self.get_collection(request).get_in_parent(
            request.ctx, ids[self.resource_type.id_parameter], parent_id, lock=True
        )
        check_revision(request, resource.id, resource.revision)
        return resource

    def respond(self, request: ApiRequest, resources: Sequence[Resource], fields: Sequence[str] = ()) -> list[Body]:
        """Return resources as in bodies, with the selected fields."""
        bodies = self.get_collection(request).describe_visible(request.ctx, resources)
        return [{name: body[name] for name in body if not fields or name in fields} for body in bodies]

    def respond_one(self, request: ApiRequest, resource: Resource, fields: Sequence[str] = ()) -> Body:
        return {self.resource_type.name: self.respond(request, [resource], fields)[0]}

    def name(self, function: Callable[..., Any]) -> None:
        """Name the function of a generated endpoint after the resources."""
        name_after_resource(function, self.resource_type.name, self.resource_type.collection)

    def create(
        self, request: ApiRequest, body: Struct, ids: Mapping[str, str], assigned: Sequence[Assigned] = ()
    ) -> Body:
        """Create one resource, or several in one transaction. `assigned`: id and values of each that are fixed."""
        name, collection = self.resource_type.name, self.resource_type.collection
        several = getattr(body, collection, UNSET)
        if collection != name and several is not UNSET:
            pairs = zip(several, assigned or [_NOTHING] * len(several), strict=True)
            resources = [self._read(new, ids, values) for new, values in pairs]
            self.get_collection(request).lock_for_creation(request.ctx, resources)
            created = [self._create(request, resource) for resource in resources]
            return {collection: self.respond(request, created)}
        new = getattr(body, name)
        if new is UNSET:
            raise BadRequest(f"Unable to find '{name}' in request body")
        resource = self._create(request, self._read(new, ids, assigned[0] if assigned else _NOTHING))
        return {name: self.respond(request, [resource])[0]}

    def list(self, request: ApiRequest, query: Any, ids: Mapping[str, str]) -> Body:
        collection, list_query = self.get_collection(request), parse_list_query(request, query)
        parent = self.resource_type.parent
        if parent in ids:
            collection.hooks.check_parent(request.ctx, ids[parent])
            list_query = replace(list_query, filters={**list_query.filters, parent: [ids[parent]]})
        page = collection.list(request.ctx, list_query)
        body: Body = {self.resource_type.collection: self.respond(request, page.items, query.fields)}
        links = next_links(request, page)
        return body if links is UNSET else {**body, f"{self.resource_type.collection}_links": links}

    def _create(self, request: ApiRequest, new: NewResource) -> Resource:
        return self.get_collection(request).create(request.ctx, new.values, new.project_id, new.resource_id)

    def _read(self, new: Struct, ids: Mapping[str, str], assigned: Assigned) -> NewResource:
        resource_id, assigned_values = assigned
        values = {**read_values(new), **assigned_values}
        project_id = next((values[name] for name in OWNERSHIP_FIELDS if values.get(name)), None)
        values = {name: value for name, value in values.items() if name not in OWNERSHIP_FIELDS}
        if self.resource_type.parent in ids:
            values[self.resource_type.parent] = ids[self.resource_type.parent]
        return NewResource(values, project_id, resource_id)


def read_values(body: Struct) -> Body:
    """Return the attributes that a request sets."""
    return {name: msgspec.to_builtins(value) for name, value in get_set_fields(body).items()}


def declare_resource(resource_type: ResourceType, *, without: Sequence[str] = ()) -> ResourceEndpoints:
    """Declare the endpoints for the operations of a type, except those that have a declaration of their own."""
    endpoints = ResourceEndpoints(resource_type, build_schemas(resource_type))
    for operation, declare in _DECLARATIONS.items():
        if operation in resource_type.operations and operation not in without:
            declare(endpoints)
    return endpoints


def _declare_create(endpoints: ResourceEndpoints) -> None:
    def create_resource(request: ApiRequest, body: Any, **ids: str) -> Any:
        return endpoints.create(request, body, ids)

    resource_type, schemas = endpoints.resource_type, endpoints.schemas
    function = annotate(create_resource, body=schemas.create, returns=schemas.response)
    endpoints.name(function)
    api.post(resource_type.path, resource_type.rules.create, status=201, errors=endpoints.conflicts)(function)


def _declare_list(endpoints: ResourceEndpoints) -> None:
    def list_resources(request: ApiRequest, query: Any, **ids: str) -> Any:
        return endpoints.list(request, query, ids)

    resource_type, schemas = endpoints.resource_type, endpoints.schemas
    function = annotate(list_resources, query=schemas.query, returns=schemas.list_response)
    endpoints.name(function)
    api.get(resource_type.path, resource_type.rules.get)(function)


def _declare_show(endpoints: ResourceEndpoints) -> None:
    def show_resource(request: ApiRequest, query: FieldsQuery, **ids: str) -> Any:
        return endpoints.respond_one(request, endpoints.get(request, ids), query.fields)

    function = annotate(show_resource, returns=endpoints.schemas.response)
    endpoints.name(function)
    api.get(endpoints.item_path, endpoints.resource_type.rules.get)(function)


def _declare_update(endpoints: ResourceEndpoints) -> None:
    def update_resource(request: ApiRequest, body: Any, **ids: str) -> Any:
        resource = endpoints.get_for_change(request, ids)
        changes = read_values(getattr(body, endpoints.resource_type.name))
        updated = endpoints.get_collection(request).update(request.ctx, resource.id, changes)
        return endpoints.respond_one(request, updated)

    function = annotate(update_resource, body=endpoints.schemas.update, returns=endpoints.schemas.response)
    endpoints.name(function)
    api.put(endpoints.item_path, endpoints.resource_type.rules.update, errors=endpoints.conflicts)(function)


def _declare_delete(endpoints: ResourceEndpoints) -> None:
    def delete_resource(request: ApiRequest, **ids: str) -> None:
        resource = endpoints.get_for_change(request, ids)
        endpoints.get_collection(request).delete(request.ctx, resource.id)

    endpoints.name(delete_resource)
    in_use = endpoints.resource_type.in_use
    errors = () if in_use is None else (in_use,)
    api.delete(endpoints.item_path, endpoints.resource_type.rules.delete, errors=errors)(delete_resource)


_DECLARATIONS = {
    "create": _declare_create,
    "list": _declare_list,
    "show": _declare_show,
    "update": _declare_update,
    "delete": _declare_delete,
}


def annotate(function: Callable[..., Any], *, returns: Any, **parameters: Any) -> Callable[..., Any]:
    """Set the schemas of a function's parameters and result, which are known only when it is declared."""
    function.__annotations__ = {**function.__annotations__, **parameters, "return": returns}
    return function
