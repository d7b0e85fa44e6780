"""`/OS-EP-FILTER`: the endpoints of projects."""

import msgspec

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.extra_attributes import flatten_extra_attributes
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.views import catalog, resources
from stratiform.interfaces.openstack.identity.views.links import page_links, self_link
from stratiform.services.identity import policy
from stratiform.services.identity.errors import SimpleResourceNotFound
from stratiform.services.identity.model import JsonObject
from stratiform.services.identity.model.simple_resources import (
    PROJECT_ENDPOINT,
    PROJECT_ENDPOINT_GROUP,
    ResourceKind,
)

_FILTER = "/OS-EP-FILTER"
_GROUP = f"{_FILTER}/endpoint_groups/{{endpoint_group_id}}"


def _declare_association(path: str, kind: ResourceKind, parameter: str) -> None:
    """Declare the endpoints that add, check and remove an association of a project."""

    @api.put(path, kind.rules.create, status=204)
    def add(request: ApiRequest, project_id: str, **ids: str) -> None:
        """Associate an endpoint or endpoint group with a project."""
        request.services.identity.endpoint_filters.add(request.ctx, kind, project_id, ids[parameter])

    @api.get(path, kind.rules.get, status=204, errors=(SimpleResourceNotFound,))
    @api.head(path, kind.rules.get, status=204, errors=(SimpleResourceNotFound,))
    def check(request: ApiRequest, project_id: str, **ids: str) -> None:
        """Check whether an endpoint or endpoint group is associated with a project."""
        request.services.identity.endpoint_filters.check(request.ctx, kind, project_id, ids[parameter])

    @api.delete(path, kind.rules.delete, errors=(SimpleResourceNotFound,))
    def remove(request: ApiRequest, project_id: str, **ids: str) -> None:
        """Remove the association of an endpoint or endpoint group with a project."""
        request.services.identity.endpoint_filters.remove(request.ctx, kind, project_id, ids[parameter])


_declare_association(f"{_FILTER}/projects/{{project_id}}/endpoints/{{endpoint_id}}", PROJECT_ENDPOINT, "endpoint_id")
_declare_association(f"{_GROUP}/projects/{{project_id}}", PROJECT_ENDPOINT_GROUP, "endpoint_group_id")


@api.get(f"{_FILTER}/projects/{{project_id}}/endpoints", policy.PROJECT_ENDPOINTS.list)
def list_project_endpoints(request: ApiRequest, project_id: str) -> JsonObject:
    endpoints = request.services.identity.endpoint_filters.list_endpoints(request.ctx, project_id)
    return _list(request, "endpoints", [catalog.endpoint(endpoint, request.view) for endpoint in endpoints])


@api.get(f"{_FILTER}/projects/{{project_id}}/endpoint_groups", policy.PROJECT_ENDPOINT_GROUPS.list)
def list_project_endpoint_groups(request: ApiRequest, project_id: str) -> JsonObject:
    groups = request.services.identity.endpoint_filters.list_groups(request.ctx, project_id)
    items = [
        {
            **group.attributes,
            "id": group.id,
            "links": self_link(request.view, _FILTER.strip("/"), "endpoint_groups", group.id),
        }
        for group in groups
    ]
    return _list(request, "endpoint_groups", items)


@api.get(f"{_FILTER}/endpoints/{{endpoint_id}}/projects", policy.PROJECT_ENDPOINTS.list)
def list_projects_with_endpoint(request: ApiRequest, endpoint_id: str) -> JsonObject:
    projects = request.services.identity.endpoint_filters.list_projects(request.ctx, PROJECT_ENDPOINT, endpoint_id)
    return _list(request, "projects", [resources.project(project, request.view) for project in projects])


@api.get(f"{_GROUP}/projects", policy.PROJECT_ENDPOINT_GROUPS.list)
def list_projects_with_endpoint_group(request: ApiRequest, endpoint_group_id: str) -> JsonObject:
    projects = request.services.identity.endpoint_filters.list_projects(
        request.ctx, PROJECT_ENDPOINT_GROUP, endpoint_group_id
    )
    return _list(request, "projects", [resources.project(project, request.view) for project in projects])


@api.get(f"{_GROUP}/endpoints", policy.ENDPOINT_GROUPS.get)
def list_endpoints_in_group(request: ApiRequest, endpoint_group_id: str) -> JsonObject:
    endpoints = request.services.identity.endpoint_filters.list_endpoints_in_group(request.ctx, endpoint_group_id)
    return _list(request, "endpoints", [catalog.endpoint(endpoint, request.view) for endpoint in endpoints])


def _list(request: ApiRequest, name: str, items: object) -> JsonObject:
    """Return a response with a list. Its structs have undeclared attributes, so they become dictionaries here."""
    return {name: flatten_extra_attributes(items), "links": msgspec.to_builtins(page_links(request))}
