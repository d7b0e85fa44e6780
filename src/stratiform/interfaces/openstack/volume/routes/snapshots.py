"""`/snapshots`, their metadata and their actions. Source: cinder/api/v3/snapshots.py, contrib/snapshot_actions.py."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from stratiform.interfaces.endpoints import Action, ApiRequest
from stratiform.interfaces.openstack.volume import views
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.lists import build_next_links, parse_metadata_filter
from stratiform.interfaces.openstack.volume.schemas import snapshots as schemas
from stratiform.interfaces.openstack.volume.schemas.volumes import MetadataItem, MetadataRequest, MetadataResponse
from stratiform.kit.errors import Invalid, UnsupportedOperation
from stratiform.services.volume import policy
from stratiform.services.volume.errors import SnapshotMetadataNotFound
from stratiform.services.volume.model import CopyFilter, NewSnapshot, Snapshot

_PATH = "/snapshots/{snapshot_id}"
_METADATA_PATH = f"{_PATH}/metadata"
_ITEM_PATH = f"{_PATH}/metadata/{{key}}"

#: The first microversion in which volumes that are in use need no `force`.
_IN_USE = 66


@api.get("/snapshots", policy.SNAPSHOT_GET_ALL)
def list_snapshots(request: ApiRequest, query: schemas.SnapshotListQuery) -> schemas.SnapshotsResponse:
    snapshots = _list(request, query)
    return _list_response(request, query, snapshots, [views.new_snapshot(snapshot) for snapshot in snapshots])


@api.get("/snapshots/detail", policy.SNAPSHOT_GET_ALL)
def list_snapshots_detail(request: ApiRequest, query: schemas.SnapshotListQuery) -> schemas.SnapshotsResponse:
    snapshots = _list(request, query)
    return _list_response(request, query, snapshots, [views.snapshot(snapshot) for snapshot in snapshots])


@api.get(_PATH, policy.SNAPSHOT_GET)
def show_snapshot(request: ApiRequest, snapshot_id: str) -> schemas.SnapshotResponse:
    return schemas.SnapshotResponse(views.snapshot(request.services.volume.snapshots.get(request.ctx, snapshot_id)))


@api.post("/snapshots", policy.SNAPSHOT_CREATE, status=202)
def create_snapshot(request: ApiRequest, body: schemas.SnapshotCreateRequest) -> schemas.SnapshotResponse:
    """Create a snapshot; since 3.66, volumes that are in use need no `force`, and `force` must not be false.

    A `volume_id` of null is that of a volume that does not exist, as in Cinder.
    """
    new = body.snapshot
    if request.microversion >= _IN_USE and new.force is False:
        raise Invalid(
            "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward compatability, "
            "however, when the 'force' flag is passed with a value evaluating to True, it is silently ignored."
        )
    snapshot = request.services.volume.snapshots.create(
        request.ctx,
        NewSnapshot(
            volume_id=str(new.volume_id),
            name=new.name or new.display_name or "",
            description=new.description or new.display_description,
            metadata=new.metadata or {},
            allow_in_use=bool(new.force) or request.microversion >= _IN_USE,
        ),
    )
    return schemas.SnapshotResponse(views.new_snapshot(snapshot))


@api.put(_PATH, policy.SNAPSHOT_UPDATE)
def update_snapshot(
    request: ApiRequest, snapshot_id: str, body: schemas.SnapshotUpdateRequest
) -> schemas.SnapshotResponse:
    values = body.snapshot
    fields = {
        "name": values.display_name if values.name is UNSET else values.name,
        "description": values.display_description if values.description is UNSET else values.description,
    }
    changes = {name: value or "" for name, value in fields.items() if not isinstance(value, UnsetType)}
    if not changes:
        raise Invalid("Invalid input for field/attribute snapshot. Name or description is required.")
    snapshot = request.services.volume.snapshots.update(request.ctx, snapshot_id, **changes)
    return schemas.SnapshotResponse(views.new_snapshot(snapshot))


@api.delete(_PATH, policy.SNAPSHOT_DELETE, status=202)
def delete_snapshot(request: ApiRequest, snapshot_id: str) -> None:
    request.services.volume.snapshots.delete(request.ctx, snapshot_id)


@api.get(_METADATA_PATH, policy.SNAPSHOT_METADATA_GET)
def list_snapshot_metadata(request: ApiRequest, snapshot_id: str) -> MetadataResponse:
    return MetadataResponse(_get_metadata(request, snapshot_id))


@api.post(_METADATA_PATH, policy.SNAPSHOT_METADATA_UPDATE)
def create_snapshot_metadata(request: ApiRequest, snapshot_id: str, body: MetadataRequest) -> MetadataResponse:
    return MetadataResponse(_update_metadata(request, snapshot_id, _get_metadata(request, snapshot_id) | body.metadata))


@api.put(_METADATA_PATH, policy.SNAPSHOT_METADATA_UPDATE)
def replace_snapshot_metadata(request: ApiRequest, snapshot_id: str, body: MetadataRequest) -> MetadataResponse:
    return MetadataResponse(_update_metadata(request, snapshot_id, body.metadata))


@api.get(_ITEM_PATH, policy.SNAPSHOT_METADATA_GET)
def show_snapshot_metadata_item(request: ApiRequest, snapshot_id: str, key: str) -> MetadataItem:
    return MetadataItem({key: _get_item(_get_metadata(request, snapshot_id), snapshot_id, key)})


@api.put(_ITEM_PATH, policy.SNAPSHOT_METADATA_UPDATE)
def update_snapshot_metadata_item(request: ApiRequest, snapshot_id: str, key: str, body: MetadataItem) -> MetadataItem:
    if list(body.meta) != [key]:
        raise Invalid("Request body and URI mismatch")
    _update_metadata(request, snapshot_id, _get_metadata(request, snapshot_id) | body.meta)
    return body


@api.delete(_ITEM_PATH, policy.SNAPSHOT_METADATA_DELETE, status=200)
def delete_snapshot_metadata_item(request: ApiRequest, snapshot_id: str, key: str) -> None:
    metadata = _get_metadata(request, snapshot_id)
    _get_item(metadata, snapshot_id, key)
    remaining = {name: value for name, value in metadata.items() if name != key}
    request.services.volume.snapshots.delete_metadata(request.ctx, snapshot_id, remaining)


def _reset_status(request: ApiRequest, snapshot_id: str, body: schemas.ResetStatus) -> None:
    request.services.volume.snapshots.reset_status(request.ctx, snapshot_id, body.status)


def _force_delete(request: ApiRequest, snapshot_id: str) -> None:
    request.services.volume.snapshots.delete(request.ctx, snapshot_id, force=True)


def _update_status(request: ApiRequest, snapshot_id: str, body: schemas.UpdateSnapshotStatus) -> None:
    request.services.volume.snapshots.report_status(request.ctx, snapshot_id, body.status, body.progress)


def _unmanage(request: ApiRequest, snapshot_id: str) -> None:
    request.services.volume.managed_snapshots.unmanage(request.ctx, snapshot_id)


api.declare_actions(
    f"{_PATH}/action",
    [
        Action("os-unmanage", policy.SNAPSHOT_UNMANAGE, _unmanage, errors=(UnsupportedOperation,)),
        Action("os-reset_status", policy.SNAPSHOT_RESET_STATUS, _reset_status),
        Action("os-force_delete", policy.SNAPSHOT_FORCE_DELETE, _force_delete),
        Action("os-update_snapshot_status", policy.SNAPSHOT_UPDATE_STATUS, _update_status),
    ],
)


def _list(request: ApiRequest, query: schemas.SnapshotListQuery) -> Sequence[Snapshot]:
    return request.services.volume.snapshots.list(
        request.ctx,
        _filters(query),
        query.page(),
        query.sorts(),
        offset=query.offset,
        all_projects=query.all_tenants,
    ).items


def _list_response(
    request: ApiRequest,
    query: schemas.SnapshotListQuery,
    snapshots: Sequence[Snapshot],
    items: list[schemas.SnapshotDetail],
) -> schemas.SnapshotsResponse:
    service = request.services.volume.snapshots
    filters = _filters(query)
    count = service.count(request.ctx, filters, all_projects=query.all_tenants) if query.with_count else UNSET
    links = build_next_links(request, snapshots, query, lambda snapshot: snapshot.id)
    return schemas.SnapshotsResponse(items, links, count)


def _filters(query: schemas.SnapshotListQuery) -> CopyFilter:
    return CopyFilter(
        project_id=query.project_id if query.all_tenants else None,
        name=query.display_name if query.name is None else query.name,
        status=query.status,
        volume_id=query.volume_id,
        metadata=parse_metadata_filter(query.metadata),
    )


def _get_metadata(request: ApiRequest, snapshot_id: str) -> dict[str, str]:
    return request.services.volume.snapshots.get_metadata(request.ctx, snapshot_id)


def _update_metadata(request: ApiRequest, snapshot_id: str, items: dict[str, str]) -> dict[str, str]:
    return request.services.volume.snapshots.update_metadata(request.ctx, snapshot_id, items)


def _get_item(metadata: dict[str, str], snapshot_id: str, key: str) -> str:
    if key not in metadata:
        raise SnapshotMetadataNotFound(snapshot_id, key)
    return metadata[key]
