"""`/volumes`."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume import views
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.lists import build_next_links, parse_metadata_filter
from stratiform.interfaces.openstack.volume.schemas import volumes as schemas
from stratiform.interfaces.openstack.volume.schemas.common import Link
from stratiform.kit.errors import Invalid
from stratiform.services.volume import policy
from stratiform.services.volume.model import NewVolume, Volume, VolumeFilter


@api.post("/volumes", policy.VOLUME_CREATE, status=202)
def create_volume(request: ApiRequest, body: schemas.VolumeCreateRequest) -> schemas.VolumeResponse:
    new = _new_volume(body.volume)
    return _new_response(request, request.services.volume.volumes.create(request.ctx, new))


@api.get("/volumes", policy.VOLUME_GET_ALL)
def list_volumes(request: ApiRequest, query: schemas.VolumeListQuery) -> schemas.VolumesResponse:
    volumes = _list(request, query)
    items = [views.volume_summary(volume, request.view) for volume in volumes]
    return schemas.VolumesResponse(items, _links(request, query, volumes), _count(request, query))


@api.get("/volumes/detail", policy.VOLUME_GET_ALL)
def list_volumes_detail(request: ApiRequest, query: schemas.VolumeListQuery) -> schemas.VolumesDetailResponse:
    volumes = _list(request, query)
    related = list_related(request, volumes)
    items = [views.volume_detail(volume, request.view, related) for volume in volumes]
    return schemas.VolumesDetailResponse(items, _links(request, query, volumes), _count(request, query))


@api.get("/volumes/summary", policy.VOLUME_GET_ALL, since=12)
def show_volume_summary(request: ApiRequest, query: schemas.VolumeListQuery) -> schemas.VolumeTotalsResponse:
    volumes = request.services.volume.volumes
    summary = volumes.summarize(request.ctx, _filters(query), all_projects=query.all_tenants)
    totals = schemas.VolumeTotals(summary.size_gib, summary.count, summary.metadata)
    return schemas.VolumeTotalsResponse(totals)


@api.get("/volumes/{volume_id}", policy.VOLUME_GET)
def show_volume(request: ApiRequest, volume_id: str) -> schemas.VolumeResponse:
    return _response(request, request.services.volume.volumes.get(request.ctx, volume_id))


@api.put("/volumes/{volume_id}", policy.VOLUME_UPDATE)
def update_volume(request: ApiRequest, volume_id: str, body: schemas.VolumeUpdateRequest) -> schemas.VolumeResponse:
    changes = body.volume
    volume = request.services.volume.volumes.update(
        request.ctx,
        volume_id,
        name=_first_set(changes.name, changes.display_name),
        description=_first_set(changes.description, changes.display_description),
        metadata=changes.metadata,
    )
    return _new_response(request, volume)


@api.delete("/volumes/{volume_id}", policy.VOLUME_DELETE, status=202)
def delete_volume(request: ApiRequest, volume_id: str, query: schemas.VolumeDeleteQuery) -> None:
    """`force` exists since 3.23."""
    force = query.force and request.microversion >= 23
    request.services.volume.volumes.delete(request.ctx, volume_id, force=force, cascade=query.cascade)


def _new_volume(body: schemas.VolumeCreate) -> NewVolume:
    if body.multiattach:
        raise Invalid(
            "multiattach parameter has been removed. The default behavior is to use multiattach enabled volume types. "
            "Contact your administrator to create a multiattach enabled volume type and use it to create multiattach "
            "volumes."
        )
    if body.consistencygroup_id:
        raise Invalid("Consistency groups are not supported; use group_id.")
    if body.group_id and not body.volume_type:
        raise Invalid("volume_type must be provided when creating a volume in a group.")
    return NewVolume(
        size_gib=body.size,
        name=body.name or body.display_name or "",
        description=body.description or body.display_description,
        volume_type=body.volume_type or "",
        availability_zone=body.availability_zone,
        image_id=body.image_ref or body.image_id or "",
        snapshot_id=body.snapshot_id or "",
        source_volume_id=body.source_volid or "",
        backup_id=body.backup_id or "",
        group_id=body.group_id or "",
        metadata=body.metadata or {},
    )


def _first_set(*values: str | UnsetType | None) -> str | None:
    """Return the first value that the request has, "" for null; None: it has none."""
    return next((value or "" for value in values if not isinstance(value, UnsetType)), None)


def _response(request: ApiRequest, volume: Volume) -> schemas.VolumeResponse:
    return schemas.VolumeResponse(views.volume_detail(volume, request.view, list_related(request, [volume])))


def _new_response(request: ApiRequest, volume: Volume) -> schemas.VolumeResponse:
    return schemas.VolumeResponse(views.new_volume(volume, request.view, list_related(request, [volume])))


def list_related(request: ApiRequest, volumes: Sequence[Volume]) -> views.RelatedResources:
    """Return what the responses about volumes contain of other resources."""
    service = request.services.volume
    return views.RelatedResources(
        type_names=service.volume_types.list_names(request.ctx, {volume.type_id for volume in volumes}),
        attachments=service.attachments.group_by_volume(request.ctx.db, [volume.id for volume in volumes]),
    )


def _list(request: ApiRequest, query: schemas.VolumeListQuery) -> Sequence[Volume]:
    return request.services.volume.volumes.list(
        request.ctx,
        _filters(query),
        query.page(),
        query.sorts(),
        offset=query.offset,
        all_projects=query.all_tenants,
    ).items


def _links(request: ApiRequest, query: schemas.VolumeListQuery, volumes: Sequence[Volume]) -> list[Link] | UnsetType:
    return build_next_links(request, volumes, query, lambda volume: volume.id)


def _count(request: ApiRequest, query: schemas.VolumeListQuery) -> int | UnsetType:
    if not query.with_count:
        return UNSET
    filters = _filters(query)
    return request.services.volume.volumes.count(request.ctx, filters, all_projects=query.all_tenants)


def _filters(query: schemas.VolumeListQuery) -> VolumeFilter:
    return VolumeFilter(
        project_id=query.project_id if query.all_tenants else None,
        name=query.display_name if query.name is None else query.name,
        status=query.status,
        availability_zone=query.availability_zone,
        bootable=query.bootable,
        type_id=query.volume_type_id,
        user_id=query.user_id,
        id=query.id,
        group_id=query.group_id,
        metadata=parse_metadata_filter(query.metadata),
        image_metadata=parse_metadata_filter(query.glance_metadata),
    )
