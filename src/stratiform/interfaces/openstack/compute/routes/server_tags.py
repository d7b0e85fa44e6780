"""`/servers/{server_id}/tags`."""

from urllib.parse import quote

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import server_metadata as schemas
from stratiform.services.compute import policy

_PATH = "/servers/{server_id}/tags"
_TAG_PATH = "/servers/{server_id}/tags/{tag}"


@api.get(_PATH, policy.SERVER_TAGS_LIST, since=26)
def list_tags(request: ApiRequest, server_id: str) -> schemas.TagsResponse:
    return schemas.TagsResponse(request.services.compute.server_tags.list(request.ctx, server_id))


@api.put(_PATH, policy.SERVER_TAGS_REPLACE, since=26)
def replace_tags(request: ApiRequest, server_id: str, body: schemas.TagsRequest) -> schemas.TagsResponse:
    return schemas.TagsResponse(request.services.compute.server_tags.replace(request.ctx, server_id, body.tags))


@api.delete(_PATH, policy.SERVER_TAGS_DELETE_ALL, since=26)
def delete_tags(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_tags.delete_all(request.ctx, server_id)


@api.get(_TAG_PATH, policy.SERVER_TAGS_SHOW, status=204, since=26)
def check_tag(request: ApiRequest, server_id: str, tag: str) -> None:
    request.services.compute.server_tags.require(request.ctx, server_id, tag)


@api.put(_TAG_PATH, policy.SERVER_TAGS_ADD, status=201, since=26)
def add_tag(request: ApiRequest, server_id: str, tag: str) -> ApiResponse[None]:
    """Add a tag; the status is 204 if the server already has it."""
    if not request.services.compute.server_tags.add(request.ctx, server_id, tag):
        return ApiResponse(status=204)
    return ApiResponse(headers={"Location": request.view.build_url("servers", server_id, "tags", quote(tag))})


@api.delete(_TAG_PATH, policy.SERVER_TAGS_DELETE, since=26)
def delete_tag(request: ApiRequest, server_id: str, tag: str) -> None:
    request.services.compute.server_tags.delete(request.ctx, server_id, tag)
