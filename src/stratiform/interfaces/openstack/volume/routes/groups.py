"""`/groups`. Source: cinder/api/v3/groups.py."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.endpoints import Action, ApiRequest, Since
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.lists import ListQuery, build_next_links, paginate
from stratiform.interfaces.openstack.volume.schemas.common import Link
from stratiform.kit.clock import format_iso_naive
from stratiform.kit.errors import Invalid
from stratiform.services.volume import policy
from stratiform.services.volume.model.groups import Group, GroupChanges, NewGroup

_PATH = "/groups/{volume_group_id}"
_NO_REPLICATION = "Replication of groups is not supported."


class GroupCreate(Struct):
    group_type: str
    volume_types: list[str]
    name: str | None = None
    description: str | None = None
    availability_zone: str | None = None


class GroupCreateRequest(Struct):
    group: GroupCreate


class GroupUpdate(Struct):
    """`add_volumes` and `remove_volumes` are ids, separated by commas."""

    name: str | None = None
    description: str | None = None
    add_volumes: str | None = None
    remove_volumes: str | None = None


class GroupUpdateRequest(Struct):
    group: GroupUpdate


class GroupQuery(Struct):
    list_volume: bool = False


class GroupListQuery(ListQuery, kw_only=True):
    list_volume: bool = False
    name: str | None = None
    status: str | None = None
    group_type: str | None = None


class GroupSummary(Struct, kw_only=True):
    id: str
    name: str


class GroupDetail(GroupSummary, kw_only=True):
    status: str
    availability_zone: str
    created_at: str
    description: str | None
    group_type: str
    volume_types: list[str]
    group_snapshot_id: Annotated[str | None, Since(14)]
    source_group_id: Annotated[str | None, Since(14)]
    volumes: Annotated[list[str] | UnsetType, Since(25)] = UNSET
    replication_status: Annotated[str, Since(38)] = "disabled"
    project_id: Annotated[str, Since(58)]


class GroupResponse(Struct):
    group: GroupDetail


class CreatedGroupResponse(Struct):
    group: GroupSummary


class GroupsResponse(Struct):
    groups: list[GroupSummary]
    group_links: list[Link] | UnsetType = UNSET


class GroupsDetailResponse(Struct):
    groups: list[GroupDetail]
    group_links: list[Link] | UnsetType = UNSET


class Delete(Struct):
    delete_volumes: bool = field(name="delete-volumes", default=False)


class ResetStatus(Struct):
    status: str


class CreateFromSource(Struct):
    name: str | None = None
    description: str | None = None
    group_snapshot_id: str | None = None
    source_group_id: str | None = None


@api.post("/groups", policy.GROUP_CREATE, since=13, status=202)
def create_group(request: ApiRequest, body: GroupCreateRequest) -> CreatedGroupResponse:
    new = NewGroup(
        group_type=body.group.group_type,
        volume_types=tuple(body.group.volume_types),
        name=body.group.name or "",
        description=body.group.description,
        availability_zone=body.group.availability_zone,
    )
    group = request.services.volume.groups.create(request.ctx, new)
    return CreatedGroupResponse(GroupSummary(id=group.id, name=group.name))


@api.get("/groups", policy.GROUP_GET_ALL, since=13)
def list_groups(request: ApiRequest, query: GroupListQuery) -> GroupsResponse:
    groups = _list(request, query)
    items = [GroupSummary(id=group.id, name=group.name) for group in groups]
    return GroupsResponse(items, build_next_links(request, groups, query, lambda group: group.id))


@api.get("/groups/detail", policy.GROUP_GET_ALL, since=13)
def list_groups_detail(request: ApiRequest, query: GroupListQuery) -> GroupsDetailResponse:
    groups = _list(request, query)
    items = [_detail(request, group, with_volumes=query.list_volume) for group in groups]
    return GroupsDetailResponse(items, build_next_links(request, groups, query, lambda group: group.id))


@api.get(_PATH, policy.GROUP_GET, since=13)
def show_group(request: ApiRequest, volume_group_id: str, query: GroupQuery) -> GroupResponse:
    group = request.services.volume.groups.get(request.ctx, volume_group_id)
    return GroupResponse(_detail(request, group, with_volumes=query.list_volume))


@api.put(_PATH, policy.GROUP_UPDATE, since=13, status=202)
def update_group(request: ApiRequest, volume_group_id: str, body: GroupUpdateRequest) -> None:
    new = body.group
    changes = GroupChanges(new.name, new.description, _split(new.add_volumes), _split(new.remove_volumes))
    if changes == GroupChanges():
        raise Invalid(
            "At least one of the following parameters must be included: name, description, add_volumes, remove_volumes."
        )
    request.services.volume.groups.update(request.ctx, volume_group_id, changes)


def _delete(request: ApiRequest, volume_group_id: str, body: Delete) -> None:
    groups = request.services.volume.groups
    groups.delete(request.ctx, volume_group_id, delete_volumes=body.delete_volumes)


def _reset_status(request: ApiRequest, volume_group_id: str, body: ResetStatus) -> None:
    request.services.volume.groups.reset_status(request.ctx, volume_group_id, body.status)


def _create_from_source(request: ApiRequest, body: CreateFromSource) -> CreatedGroupResponse:
    group = request.services.volume.groups.create_from_source(
        request.ctx,
        body.name or "",
        body.description,
        snapshot_id=body.group_snapshot_id or "",
        source_group_id=body.source_group_id or "",
    )
    return CreatedGroupResponse(GroupSummary(id=group.id, name=group.name))


def _get(request: ApiRequest, volume_group_id: str) -> Group:
    return request.services.volume.groups.get(request.ctx, volume_group_id)


api.declare_actions(
    f"{_PATH}/action",
    [
        Action("delete", policy.GROUP_DELETE, _delete, since=13),
        Action("reset_status", policy.GROUP_RESET_STATUS, _reset_status, since=20),
    ],
)
api.declare_actions("/groups/action", [Action("create-from-src", policy.GROUP_CREATE, _create_from_source, since=14)])
api.declare_unsupported_actions(
    f"{_PATH}/action",
    policy.GROUP_UPDATE,
    _get,
    dict.fromkeys(
        ("enable_replication", "disable_replication", "failover_replication", "list_replication_targets"),
        _NO_REPLICATION,
    ),
)


def _list(request: ApiRequest, query: GroupListQuery) -> list[Group]:
    groups = request.services.volume.groups.list(request.ctx, all_projects=query.all_tenants)
    matching = [
        group
        for group in groups
        if query.name in (None, group.name)
        and query.status in (None, group.status)
        and query.group_type in (None, group.group_type_id)
    ]
    return paginate(matching, query, lambda group: group.id, "id created_at name status")


def _detail(request: ApiRequest, group: Group, *, with_volumes: bool) -> GroupDetail:
    members = request.services.volume.groups.list_members(request.ctx, group) if with_volumes else ()
    return GroupDetail(
        id=group.id,
        name=group.name,
        status=group.status,
        availability_zone=group.zone,
        created_at=format_iso_naive(group.created_at),
        description=group.description,
        group_type=group.group_type_id,
        volume_types=group.type_ids,
        group_snapshot_id=group.group_snapshot_id or None,
        source_group_id=group.source_group_id or None,
        volumes=[volume.id for volume in members] if with_volumes else UNSET,
        project_id=group.project_id,
    )


def _split(ids: str | None) -> tuple[str, ...]:
    return tuple(item.strip() for item in (ids or "").split(",") if item.strip())
