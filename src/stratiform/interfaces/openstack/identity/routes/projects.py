"""Projects with their tags, and domains."""

from collections.abc import Mapping, Sequence
from typing import Any

from stratiform.interfaces.openstack.identity import schemas, views
from stratiform.interfaces.openstack.identity.schemas import DomainFields, ProjectFields
from stratiform.interfaces.services import (
    Request,
    decode,
    delete,
    get,
    head,
    patch,
    post,
    put,
    reading,
    services_of,
    writing,
)
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.services.identity.model import NewProject, Project, TagFilter

Body = dict[str, Any]


@get("/projects", operation_id="listProjects")
def list_projects(request: Request) -> Body:
    query = views.query_of(request, "name", "domain_id", "parent_id", "enabled", "is_domain")
    with reading(request) as ctx:
        found = services_of(request).identity.projects.list(ctx, query, _tags_asked(request))
    return views.collection(request, "projects", found, views.project)


@post("/projects", operation_id="createProject")
def create_project(request: Request, body: bytes) -> Body:
    document = schemas.resource(body, "project")
    values = schemas.given(schemas.fields(document, ProjectFields, "name"))
    is_domain = values.pop("is_domain", False)
    new = _new(values, schemas.unknown(document, ProjectFields))
    with writing(request) as ctx:
        identity = services_of(request).identity
        made = identity.domains.create(ctx, new) if is_domain else identity.projects.create(ctx, new)
    return {"project": views.project(views.base(request), made)}


@get("/projects/{project_id:str}", operation_id="showProject")
def show_project(request: Request, project_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.projects.get(ctx, project_id)
        shown = views.project(views.base(request), found) | _family(request, ctx, found)
    return {"project": shown}


@patch("/projects/{project_id:str}", operation_id="updateProject")
def update_project(request: Request, project_id: str, body: bytes) -> Body:
    document = schemas.resource(body, "project")
    changes = _described(schemas.given(schemas.fields(document, ProjectFields)))
    extra = schemas.unknown(document, ProjectFields)
    with writing(request) as ctx:
        made = services_of(request).identity.projects.update(ctx, project_id, changes, extra)
    return {"project": views.project(views.base(request), made)}


@delete("/projects/{project_id:str}", operation_id="deleteProject")
def delete_project(request: Request, project_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.projects.delete(ctx, project_id)


@get("/projects/{project_id:str}/tags", operation_id="listProjectTags")
def list_tags(request: Request, project_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.projects.get(ctx, project_id)
    return {"tags": found.tags, "links": _tag_links(request, project_id)}


@put("/projects/{project_id:str}/tags", operation_id="setProjectTags")
def set_tags(request: Request, project_id: str, body: bytes) -> Body:
    tags = decode(body, schemas.TagsBody).tags
    with writing(request) as ctx:
        found = services_of(request).identity.projects.update_tags(ctx, project_id, tags)
    return {"tags": found.tags, "links": _tag_links(request, project_id)}


@delete("/projects/{project_id:str}/tags", operation_id="clearProjectTags")
def clear_tags(request: Request, project_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.projects.update_tags(ctx, project_id, [])


def check_tag(request: Request, project_id: str, tag: str) -> None:
    with reading(request) as ctx:
        found = services_of(request).identity.projects.get(ctx, project_id)
    if tag not in found.tags:
        raise NotFound(f"Could not find project tag: {tag}.")


@put("/projects/{project_id:str}/tags/{tag:str}", status_code=201, operation_id="addProjectTag")
def add_tag(request: Request, project_id: str, tag: str) -> None:
    schemas.fields({"tags": [tag]}, schemas.TagsBody)
    with writing(request) as ctx:
        projects = services_of(request).identity.projects
        projects.update_tags(ctx, project_id, [*projects.get(ctx, project_id).tags, tag])


@delete("/projects/{project_id:str}/tags/{tag:str}", operation_id="removeProjectTag")
def remove_tag(request: Request, project_id: str, tag: str) -> None:
    with writing(request) as ctx:
        projects = services_of(request).identity.projects
        there = projects.get(ctx, project_id).tags
        projects.update_tags(ctx, project_id, [each for each in there if each != tag])
        if tag not in there:
            raise NotFound(f"Could not find project tag: {tag}.")


@get("/domains", operation_id="listDomains")
def list_domains(request: Request) -> Body:
    query = views.query_of(request, "name", "enabled")
    with reading(request) as ctx:
        found = services_of(request).identity.domains.list(ctx, query)
    return views.collection(request, "domains", found, views.domain)


@post("/domains", operation_id="createDomain")
def create_domain(request: Request, body: bytes) -> Body:
    document = schemas.resource(body, "domain")
    values = schemas.given(schemas.fields(document, DomainFields, "name"))
    with writing(request) as ctx:
        made = services_of(request).identity.domains.create(ctx, _new(values, schemas.unknown(document, DomainFields)))
    return {"domain": views.domain(views.base(request), made)}


@get("/domains/{domain_id:str}", operation_id="showDomain")
def show_domain(request: Request, domain_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.domains.get(ctx, domain_id)
    return {"domain": views.domain(views.base(request), found)}


@patch("/domains/{domain_id:str}", operation_id="updateDomain")
def update_domain(request: Request, domain_id: str, body: bytes) -> Body:
    document = schemas.resource(body, "domain")
    changes = _described(schemas.given(schemas.fields(document, DomainFields)))
    extra = schemas.unknown(document, DomainFields)
    with writing(request) as ctx:
        made = services_of(request).identity.domains.update(ctx, domain_id, changes, extra)
    return {"domain": views.domain(views.base(request), made)}


@delete("/domains/{domain_id:str}", operation_id="deleteDomain")
def delete_domain(request: Request, domain_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.domains.delete(ctx, domain_id)


def _described(values: Body) -> Body:
    """An absent description is an empty one."""
    if values.get("description", "") is None:
        values["description"] = ""
    return values


def _new(values: Mapping[str, Any], extra: Body) -> NewProject:
    described = _described(dict(values))
    described["domain_id"] = described.get("domain_id") or ""
    return NewProject(**described, extra=extra)


def _tags_asked(request: Request) -> TagFilter | None:
    names = ("tags", "tags-any", "not-tags", "not-tags-any")
    if not any(name in request.query_params for name in names):
        return None
    return TagFilter(*(views.tag_names(request.query_params.get(name)) for name in names))


def _tag_links(request: Request, project_id: str) -> Body:
    return {"next": None, "self": f"{views.base(request)}/projects/{project_id}/tags", "previous": None}


def _family(request: Request, ctx: RequestContext, project: Project) -> Body:
    """The projects above and below, as far as the request asks for them."""
    projects = services_of(request).identity.projects
    shown: Body = {}
    if "parents_as_ids" in request.query_params:
        nested: Body | None = None
        for key in reversed(projects.list_parent_ids(ctx.db, project)):
            nested = {key: nested}
        shown["parents"] = nested
    if "subtree_as_ids" in request.query_params:
        shown["subtree"] = _subtree(project.id, projects.list_subtree(ctx.db, project))
    if "subtree_as_list" in request.query_params:
        here = views.base(request)
        shown["subtree"] = [{"project": views.project(here, each)} for each in projects.list_subtree(ctx.db, project)]
    return shown


def _subtree(key: str, below: Sequence[Project]) -> Any:
    return {each.id: _subtree(each.id, below) for each in below if each.parent_id == key} or None


_TAG = "/projects/{project_id:str}/tags/{tag:str}"

handlers: list[Any] = [
    list_projects,
    create_project,
    show_project,
    update_project,
    delete_project,
    list_tags,
    set_tags,
    clear_tags,
    get(_TAG, status_code=204, operation_id="showProjectTag")(check_tag),
    head(_TAG, status_code=204, operation_id="checkProjectTag")(check_tag),
    add_tag,
    remove_tag,
    list_domains,
    create_domain,
    show_domain,
    update_domain,
    delete_domain,
]
