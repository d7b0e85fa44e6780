"""`/images/{image_id}/members`."""

from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.image import schemas, views
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.image import policy

_PATH = "/images/{image_id}/members"
_MEMBER_PATH = "/images/{image_id}/members/{member_id}"


@api.get(_PATH, policy.IMAGE_MEMBERS_LIST)
def list_image_members(request: ApiRequest, image_id: str) -> schemas.ImageMembersResponse:
    members = request.services.image.image_members.list(request.ctx, image_id)
    return schemas.ImageMembersResponse([views.image_member(member) for member in members])


@api.post(_PATH, policy.IMAGE_MEMBERS_CREATE, errors=(Conflict,))
def create_image_member(
    request: ApiRequest, image_id: str, body: schemas.ImageMemberCreateRequest
) -> schemas.ImageMemberDetail:
    if body.member is UNSET:
        raise Invalid("Member to be added not specified")
    return views.image_member(request.services.image.image_members.create(request.ctx, image_id, body.member))


@api.get(_MEMBER_PATH, policy.IMAGE_MEMBERS_GET)
def show_image_member(request: ApiRequest, image_id: str, member_id: str) -> schemas.ImageMemberDetail:
    return views.image_member(request.services.image.image_members.get(request.ctx, image_id, member_id))


@api.put(_MEMBER_PATH, policy.IMAGE_MEMBERS_UPDATE)
def update_image_member(
    request: ApiRequest, image_id: str, member_id: str, body: schemas.ImageMemberUpdateRequest
) -> schemas.ImageMemberDetail:
    if body.status is UNSET:
        raise Invalid("Status not specified")
    member = request.services.image.image_members.update(request.ctx, image_id, member_id, body.status)
    return views.image_member(member)


@api.delete(_MEMBER_PATH, policy.IMAGE_MEMBERS_DELETE)
def delete_image_member(request: ApiRequest, image_id: str, member_id: str) -> None:
    request.services.image.image_members.delete(request.ctx, image_id, member_id)
