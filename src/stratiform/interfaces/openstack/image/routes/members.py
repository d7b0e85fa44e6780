"""`/images/{id}/members`: sharing with other projects."""

from typing import Any

from msgspec import UNSET

from stratiform.interfaces.openstack.image import views
from stratiform.interfaces.openstack.image.schemas import MemberStatus, NewMember
from stratiform.interfaces.services import Request, decode, delete, get, post, put, reading, services_of, writing
from stratiform.kit.errors import Invalid

Body = dict[str, Any]


@get("/images/{image_id:str}/members")
def list_members(request: Request, image_id: str) -> Body:
    with reading(request) as ctx:
        return views.members(services_of(request).image.image_members.list(ctx, image_id))


@get("/images/{image_id:str}/members/{member_id:str}")
def show_member(request: Request, image_id: str, member_id: str) -> Body:
    with reading(request) as ctx:
        return views.member(services_of(request).image.image_members.get(ctx, image_id, member_id))


@post("/images/{image_id:str}/members", status_code=200)
def add_member(request: Request, image_id: str, body: bytes) -> Body:
    said = decode(body, NewMember)
    if said.member is UNSET:
        raise Invalid("Member to be added not specified")
    with writing(request) as ctx:
        return views.member(services_of(request).image.image_members.create(ctx, image_id, said.member))


@put("/images/{image_id:str}/members/{member_id:str}")
def set_member(request: Request, image_id: str, member_id: str, body: bytes) -> Body:
    said = decode(body, MemberStatus)
    if said.status is UNSET:
        raise Invalid("Status not specified")
    with writing(request) as ctx:
        return views.member(services_of(request).image.image_members.update(ctx, image_id, member_id, said.status))


@delete("/images/{image_id:str}/members/{member_id:str}")
def remove_member(request: Request, image_id: str, member_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).image.image_members.delete(ctx, image_id, member_id)


handlers: list[Any] = [list_members, show_member, add_member, set_member, remove_member]
