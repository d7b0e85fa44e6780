"""`/projects/{project_id}/tags`."""

from collections.abc import Sequence

import msgspec

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.schemas import projects as schemas
from stratiform.interfaces.openstack.identity.schemas.common import PageLinks
from stratiform.kit.errors import Invalid
from stratiform.services.identity import policy
from stratiform.services.identity.errors import ProjectTagNotFound


@api.get("/projects/{project_id}/tags", policy.LIST_PROJECT_TAGS)
def list_project_tags(request: ApiRequest, project_id: str) -> schemas.TagsResponse:
    return _response(request, project_id, request.services.identity.project_tags.list(request.ctx, project_id))


@api.put("/projects/{project_id}/tags", policy.UPDATE_PROJECT_TAGS)
def update_project_tags(request: ApiRequest, project_id: str, body: schemas.TagsRequest) -> schemas.TagsResponse:
    tags = request.services.identity.project_tags.update(request.ctx, project_id, body.tags)
    return _response(request, project_id, tags)


@api.delete("/projects/{project_id}/tags", policy.DELETE_PROJECT_TAGS)
def delete_project_tags(request: ApiRequest, project_id: str) -> None:
    request.services.identity.project_tags.clear(request.ctx, project_id)


@api.get("/projects/{project_id}/tags/{tag}", policy.GET_PROJECT_TAG, status=204, errors=(ProjectTagNotFound,))
@api.head("/projects/{project_id}/tags/{tag}", policy.GET_PROJECT_TAG, status=204, errors=(ProjectTagNotFound,))
def check_project_tag(request: ApiRequest, project_id: str, tag: str) -> None:
    request.services.identity.project_tags.check(request.ctx, project_id, tag)


@api.put("/projects/{project_id}/tags/{tag}", policy.CREATE_PROJECT_TAG, status=201)
def add_project_tag(request: ApiRequest, project_id: str, tag: str) -> None:
    try:
        msgspec.convert(tag, schemas.Tag)
    except msgspec.ValidationError as error:
        raise Invalid(f"Invalid input for field 'tags': {error}") from error
    request.services.identity.project_tags.add(request.ctx, project_id, tag)


@api.delete("/projects/{project_id}/tags/{tag}", policy.DELETE_PROJECT_TAG, errors=(ProjectTagNotFound,))
def remove_project_tag(request: ApiRequest, project_id: str, tag: str) -> None:
    request.services.identity.project_tags.remove(request.ctx, project_id, tag)


def _response(request: ApiRequest, project_id: str, tags: Sequence[str]) -> schemas.TagsResponse:
    links = PageLinks(next=None, self_url=request.view.build_url("projects", project_id, "tags"))
    return schemas.TagsResponse(list(tags), links)
