"""`/snapshots`: not supported; lists are empty."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.schemas.common import PageQuery
from stratiform.interfaces.openstack.volume.schemas.infrastructure import SnapshotCreateRequest, SnapshotsResponse
from stratiform.kit.errors import NotFound, UnsupportedOperation
from stratiform.kit.pagination import paginate_list
from stratiform.services.volume import policy

_PATH = "/snapshots/{snapshot_id}"


@api.get("/snapshots", policy.SNAPSHOT_GET_ALL)
def list_snapshots(_request: ApiRequest, query: PageQuery) -> SnapshotsResponse:
    return SnapshotsResponse(paginate_list([], query.page(), str).items)


@api.get("/snapshots/detail", policy.SNAPSHOT_GET_ALL)
def list_snapshots_detail(_request: ApiRequest, query: PageQuery) -> SnapshotsResponse:
    return SnapshotsResponse(paginate_list([], query.page(), str).items)


@api.get(_PATH, policy.SNAPSHOT_GET)
def show_snapshot(_request: ApiRequest, snapshot_id: str) -> None:
    raise NotFound(f"Snapshot {snapshot_id} could not be found.")


@api.put(_PATH, policy.SNAPSHOT_UPDATE)
def update_snapshot(_request: ApiRequest, snapshot_id: str) -> None:
    raise NotFound(f"Snapshot {snapshot_id} could not be found.")


@api.delete(_PATH, policy.SNAPSHOT_DELETE)
def delete_snapshot(_request: ApiRequest, snapshot_id: str) -> None:
    raise NotFound(f"Snapshot {snapshot_id} could not be found.")


@api.post("/snapshots", policy.SNAPSHOT_CREATE, errors=(UnsupportedOperation,))
def create_snapshot(request: ApiRequest, body: SnapshotCreateRequest) -> None:
    """Not supported (501): snapshots of volumes."""
    request.services.volume.volumes.get(request.ctx, body.snapshot.volume_id)
    raise UnsupportedOperation("Snapshots of volumes are not supported.")
