"""`/group_snapshots`. Source: cinder/api/v3/group_snapshots.py."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import Action, ApiRequest, Since
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.lists import ListQuery, build_next_links, paginate
from stratiform.interfaces.openstack.volume.schemas.common import Link
from stratiform.kit.clock import format_iso_naive
from stratiform.services.volume import policy
from stratiform.services.volume.model.groups import GroupSnapshot

_PATH = "/group_snapshots/{group_snapshot_id}"


class GroupSnapshotCreate(Struct):
    group_id: str
    name: str | None = None
    description: str | None = None


class GroupSnapshotCreateRequest(Struct):
    group_snapshot: GroupSnapshotCreate


class GroupSnapshotListQuery(ListQuery, kw_only=True):
    name: str | None = None
    status: str | None = None
    group_id: str | None = None


class GroupSnapshotSummary(Struct, kw_only=True):
    id: str
    name: str
    group_type_id: str | UnsetType = UNSET


class GroupSnapshotDetail(Struct, kw_only=True):
    id: str
    name: str
    status: str
    created_at: str
    description: str | None
    group_id: str
    group_type_id: str
    project_id: Annotated[str, Since(58)]


class GroupSnapshotResponse(Struct):
    group_snapshot: GroupSnapshotDetail


class CreatedGroupSnapshotResponse(Struct):
    group_snapshot: GroupSnapshotSummary


class GroupSnapshotsResponse(Struct):
    group_snapshots: list[GroupSnapshotSummary]
    group_snapshot_links: list[Link] | UnsetType = UNSET


class GroupSnapshotsDetailResponse(Struct):
    group_snapshots: list[GroupSnapshotDetail]
    group_snapshot_links: list[Link] | UnsetType = UNSET


class ResetStatus(Struct):
    status: str


@api.post("/group_snapshots", policy.GROUP_SNAPSHOT_CREATE, since=14, status=202)
def create_group_snapshot(request: ApiRequest, body: GroupSnapshotCreateRequest) -> CreatedGroupSnapshotResponse:
    new = body.group_snapshot
    snapshot = request.services.volume.group_snapshots.create(
        request.ctx, new.group_id, new.name or "", new.description
    )
    return CreatedGroupSnapshotResponse(_summary(snapshot))


@api.get("/group_snapshots", policy.GROUP_SNAPSHOT_GET_ALL, since=14)
def list_group_snapshots(request: ApiRequest, query: GroupSnapshotListQuery) -> GroupSnapshotsResponse:
    snapshots = _list(request, query)
    items = [GroupSnapshotSummary(id=snapshot.id, name=snapshot.name) for snapshot in snapshots]
    return GroupSnapshotsResponse(items, build_next_links(request, snapshots, query, lambda item: item.id))


@api.get("/group_snapshots/detail", policy.GROUP_SNAPSHOT_GET_ALL, since=14)
def list_group_snapshots_detail(request: ApiRequest, query: GroupSnapshotListQuery) -> GroupSnapshotsDetailResponse:
    snapshots = _list(request, query)
    links = build_next_links(request, snapshots, query, lambda item: item.id)
    return GroupSnapshotsDetailResponse([_detail(snapshot) for snapshot in snapshots], links)


@api.get(_PATH, policy.GROUP_SNAPSHOT_GET, since=14)
def show_group_snapshot(request: ApiRequest, group_snapshot_id: str) -> GroupSnapshotResponse:
    return GroupSnapshotResponse(_detail(request.services.volume.group_snapshots.get(request.ctx, group_snapshot_id)))


@api.delete(_PATH, policy.GROUP_SNAPSHOT_DELETE, since=14, status=202)
def delete_group_snapshot(request: ApiRequest, group_snapshot_id: str) -> None:
    request.services.volume.group_snapshots.delete(request.ctx, group_snapshot_id)


def _reset_status(request: ApiRequest, group_snapshot_id: str, body: ResetStatus) -> None:
    request.services.volume.group_snapshots.reset_status(request.ctx, group_snapshot_id, body.status)


api.declare_actions(
    f"{_PATH}/action", [Action("reset_status", policy.GROUP_SNAPSHOT_RESET_STATUS, _reset_status, since=19)]
)


def _list(request: ApiRequest, query: GroupSnapshotListQuery) -> list[GroupSnapshot]:
    snapshots = request.services.volume.group_snapshots.list(request.ctx, all_projects=query.all_tenants)
    matching = [
        snapshot
        for snapshot in snapshots
        if query.name in (None, snapshot.name)
        and query.status in (None, snapshot.status)
        and query.group_id in (None, snapshot.group_id)
    ]
    return paginate(matching, query, lambda item: item.id, "id created_at name status")


def _summary(snapshot: GroupSnapshot) -> GroupSnapshotSummary:
    return GroupSnapshotSummary(id=snapshot.id, name=snapshot.name, group_type_id=snapshot.group_type_id)


def _detail(snapshot: GroupSnapshot) -> GroupSnapshotDetail:
    return GroupSnapshotDetail(
        id=snapshot.id,
        name=snapshot.name,
        status=snapshot.status,
        created_at=format_iso_naive(snapshot.created_at),
        description=snapshot.description,
        group_id=snapshot.group_id,
        group_type_id=snapshot.group_type_id,
        project_id=snapshot.project_id,
    )
