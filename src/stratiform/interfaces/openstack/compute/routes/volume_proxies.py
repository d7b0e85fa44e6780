"""`/os-volumes` and `/os-snapshots`, until 2.35: volumes and snapshots of block storage."""

from collections.abc import Sequence

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.endpoints.decoding import parse_bool
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import volume_proxies as schemas
from stratiform.interfaces.openstack.compute.views import volume_proxies as views
from stratiform.kit.errors import Forbidden, Invalid
from stratiform.kit.number_parsing import parse_uint
from stratiform.kit.pagination import Page
from stratiform.services.compute.errors import InvalidField
from stratiform.services.volume import policy
from stratiform.services.volume.errors import QuotaExceeded
from stratiform.services.volume.model import CopyFilter, NewSnapshot, NewVolume, Volume, VolumeFilter

#: The last microversion with these paths.
_UNTIL = 35


@api.get("/os-volumes", policy.VOLUME_GET_ALL, until=_UNTIL)
def list_volumes(request: ApiRequest, query: schemas.VolumeListQuery) -> schemas.VolumesResponse:
    return _list_volumes(request, query)


@api.get("/os-volumes/detail", policy.VOLUME_GET_ALL, until=_UNTIL)
def list_volumes_detail(request: ApiRequest, query: schemas.VolumeListQuery) -> schemas.VolumesResponse:
    """List volumes; they have the same fields as in the list without details."""
    return _list_volumes(request, query)


@api.post("/os-volumes", policy.VOLUME_CREATE, until=_UNTIL)
def create_volume(request: ApiRequest, body: schemas.VolumeCreateRequest) -> ApiResponse[schemas.VolumeResponse]:
    new = body.volume
    try:
        volume = request.services.volume.volumes.create(
            request.ctx,
            NewVolume(
                size_gib=_parse_size(new.size),
                name=new.display_name or "",
                description=new.display_description,
                volume_type=new.volume_type or "",
                availability_zone=new.availability_zone,
                snapshot_id=new.snapshot_id or "",
                metadata=new.metadata or {},
            ),
        )
    except QuotaExceeded as error:
        raise Forbidden(error.message) from error
    [item] = _show(request, [volume])
    headers = {"Location": request.view.build_url("os-volumes", volume.id)}
    return ApiResponse(schemas.VolumeResponse(item), headers=headers)


@api.get("/os-volumes/{volume_id}", policy.VOLUME_GET, until=_UNTIL)
def show_volume(request: ApiRequest, volume_id: str) -> schemas.VolumeResponse:
    [item] = _show(request, [request.services.volume.volumes.get(request.ctx, volume_id)])
    return schemas.VolumeResponse(item)


@api.delete("/os-volumes/{volume_id}", policy.VOLUME_DELETE, status=202, until=_UNTIL)
def delete_volume(request: ApiRequest, volume_id: str) -> None:
    request.services.volume.volumes.delete(request.ctx, volume_id)


@api.get("/os-snapshots", policy.SNAPSHOT_GET_ALL, until=_UNTIL)
def list_snapshots(request: ApiRequest, query: schemas.VolumeListQuery) -> schemas.SnapshotsResponse:
    return _list_snapshots(request, query)


@api.get("/os-snapshots/detail", policy.SNAPSHOT_GET_ALL, until=_UNTIL)
def list_snapshots_detail(request: ApiRequest, query: schemas.VolumeListQuery) -> schemas.SnapshotsResponse:
    """List snapshots; they have the same fields as in the list without details."""
    return _list_snapshots(request, query)


@api.post("/os-snapshots", policy.SNAPSHOT_CREATE, until=_UNTIL)
def create_snapshot(request: ApiRequest, body: schemas.SnapshotCreateRequest) -> schemas.SnapshotResponse:
    new = body.snapshot
    force = parse_bool(new.force, "force", InvalidField) if isinstance(new.force, str) else new.force
    description = new.display_description
    snapshot_spec = NewSnapshot(new.volume_id, new.display_name or "", description, allow_in_use=force)
    try:
        snapshot = request.services.volume.snapshots.create(request.ctx, snapshot_spec)
    except QuotaExceeded as error:
        raise Forbidden(error.message) from error
    return schemas.SnapshotResponse(views.snapshot(snapshot))


@api.get("/os-snapshots/{snapshot_id}", policy.SNAPSHOT_GET, until=_UNTIL)
def show_snapshot(request: ApiRequest, snapshot_id: str) -> schemas.SnapshotResponse:
    return schemas.SnapshotResponse(views.snapshot(request.services.volume.snapshots.get(request.ctx, snapshot_id)))


@api.delete("/os-snapshots/{snapshot_id}", policy.SNAPSHOT_DELETE, status=202, until=_UNTIL)
def delete_snapshot(request: ApiRequest, snapshot_id: str) -> None:
    request.services.volume.snapshots.delete(request.ctx, snapshot_id)


def _list_volumes(request: ApiRequest, query: schemas.VolumeListQuery) -> schemas.VolumesResponse:
    page, offset = Page.parse(query.limit, None), _parse_offset(query.offset)
    volumes = request.services.volume.volumes.list(request.ctx, VolumeFilter(), page, offset=offset)
    return schemas.VolumesResponse(_show(request, volumes.items))


def _list_snapshots(request: ApiRequest, query: schemas.VolumeListQuery) -> schemas.SnapshotsResponse:
    page, offset = Page.parse(query.limit, None), _parse_offset(query.offset)
    snapshots = request.services.volume.snapshots.list(request.ctx, CopyFilter(), page, offset=offset)
    return schemas.SnapshotsResponse([views.snapshot(snapshot) for snapshot in snapshots.items])


def _show(request: ApiRequest, volumes: Sequence[Volume]) -> list[schemas.Volume]:
    service = request.services.volume
    type_names = service.volume_types.list_names(request.ctx, {volume.type_id for volume in volumes})
    attachments = service.attachments.group_by_volume(request.ctx.db, [volume.id for volume in volumes])
    return [views.volume(volume, type_names.get(volume.type_id), attachments[volume.id]) for volume in volumes]


def _parse_offset(offset: str | None) -> int:
    number = parse_uint(offset or "0")
    if number is None:
        raise Invalid(f"offset param must be an integer: '{offset}'")
    return number


def _parse_size(size: int | str) -> int:
    """Raises InvalidField."""
    number = parse_uint(size) if isinstance(size, str) else size
    if number is None:
        raise InvalidField("size", size, f"{size!r} does not match '^[0-9]+$'")
    return number
