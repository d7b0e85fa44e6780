"""`/projects`."""

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.schemas import projects as schemas
from stratiform.interfaces.openstack.identity.views import resources
from stratiform.interfaces.openstack.identity.views.links import page_links, truncated
from stratiform.kit.pagination import Slice
from stratiform.services.identity import policy
from stratiform.services.identity.errors import NameConflict
from stratiform.services.identity.model import JsonObject, NewProject, Project, TagFilter

_TAG_FILTERS = ("tags", "tags_any", "not_tags", "not_tags_any")


@api.get("/projects", policy.LIST_PROJECTS)
def list_projects(request: ApiRequest, query: schemas.ProjectListQuery) -> schemas.ProjectsResponse:
    list_query = query.build_list_query(without=_TAG_FILTERS)
    projects = request.services.identity.projects.list(request.ctx, list_query, _tag_filter(query))
    return _list_response(request, projects)


@api.post("/projects", policy.CREATE_PROJECT, status=201, errors=(NameConflict,))
def create_project(request: ApiRequest, body: schemas.ProjectCreateRequest) -> schemas.ProjectResponse:
    """Create a project, or a domain if `is_domain` is set."""
    attributes = body.project.get_declared_attributes(not_null=("description", "domain_id"))
    identity, is_domain = request.services.identity, attributes.pop("is_domain", False)
    new = NewProject(**attributes, extra=body.project.get_extra_attributes())
    project = identity.domains.create(request.ctx, new) if is_domain else identity.projects.create(request.ctx, new)
    return _response(request, project)


@api.get("/projects/{project_id}", policy.GET_PROJECT)
def show_project(
    request: ApiRequest, project_id: str, query: schemas.ProjectShowQuery
) -> schemas.ProjectDetailResponse:
    projects, db = request.services.identity.projects, request.ctx.db
    project = projects.get(request.ctx, project_id)
    detail = resources.project_detail(project, request.view)
    if query.parents_as_ids:
        detail.parents = _parent_ids(projects.list_parent_ids(db, project))
    if query.subtree_as_ids:
        detail.subtree = _subtree_ids(project.id, projects.list_subtree(db, project))
    if query.subtree_as_list:
        detail.subtree = [_response(request, descendant) for descendant in projects.list_subtree(db, project)]
    return schemas.ProjectDetailResponse(detail)


@api.patch("/projects/{project_id}", policy.UPDATE_PROJECT, errors=(NameConflict,))
def update_project(request: ApiRequest, project_id: str, body: schemas.ProjectUpdateRequest) -> schemas.ProjectResponse:
    changes, extra = (
        body.project.get_declared_attributes(not_null=("description",)),
        body.project.get_extra_attributes(),
    )
    return _response(request, request.services.identity.projects.update(request.ctx, project_id, changes, extra))


@api.delete("/projects/{project_id}", policy.DELETE_PROJECT)
def delete_project(request: ApiRequest, project_id: str) -> None:
    request.services.identity.projects.delete(request.ctx, project_id)


@api.get("/users/{user_id}/projects", policy.LIST_USER_PROJECTS)
def list_user_projects(
    request: ApiRequest, user_id: str, query: schemas.UserProjectListQuery
) -> schemas.ProjectsResponse:
    projects = request.services.identity.projects
    return _list_response(request, projects.list_for_user(request.ctx, user_id, query.build_list_query()))


def _response(request: ApiRequest, project: Project) -> schemas.ProjectResponse:
    return schemas.ProjectResponse(resources.project(project, request.view))


def _list_response(request: ApiRequest, projects: Slice[Project]) -> schemas.ProjectsResponse:
    items = [resources.project(project, request.view) for project in projects.items]
    return schemas.ProjectsResponse(items, page_links(request, projects), truncated(projects))


def _tag_filter(query: schemas.ProjectListQuery) -> TagFilter | None:
    texts = [getattr(query, name) for name in _TAG_FILTERS]
    if all(text is UNSET for text in texts):
        return None
    return TagFilter(*(_split_tags(text) for text in texts))


def _split_tags(text: str | UnsetType) -> frozenset[str]:
    return frozenset() if isinstance(text, UnsetType) else frozenset(tag for tag in text.split(",") if tag)


def _parent_ids(parent_ids: Iterable[str]) -> JsonObject | None:
    """Return nested objects with the parent outside and the domain inside."""
    tree: JsonObject | None = None
    for parent_id in reversed(list(parent_ids)):
        tree = {parent_id: tree}
    return tree


def _subtree_ids(project_id: str, projects: Iterable[Project]) -> JsonObject | None:
    """Return nested objects with the ids of the children of a project, or None if it has none."""
    children = [project for project in projects if project.parent_id == project_id]
    return {child.id: _subtree_ids(child.id, projects) for child in children} or None
