"""`/manageable_volumes` and `/manageable_snapshots`, and their older paths.

Source: cinder/api/contrib/{volume_manage,snapshot_manage,resource_common_manage}.py.
"""

from collections.abc import Sequence

from stratiform.contract.adoption import AdoptableKind, AdoptableResource
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume import views
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.lists import paginate
from stratiform.interfaces.openstack.volume.routes.volumes import list_related
from stratiform.interfaces.openstack.volume.schemas import manageable_resources as schemas
from stratiform.interfaces.openstack.volume.schemas.snapshots import SnapshotResponse
from stratiform.interfaces.openstack.volume.schemas.volumes import VolumeResponse
from stratiform.kit.errors import Invalid, UnsupportedOperation
from stratiform.kit.policy import Rule
from stratiform.services.volume import policy
from stratiform.services.volume.model.managed_resources import NewManagedSnapshot, NewManagedVolume

_ERRORS = (UnsupportedOperation,)

#: The paths of each list, and the first microversion.
_VOLUMES, _SNAPSHOTS = (
    (("/manageable_volumes", 8), ("/os-volume-manage", 0)),
    (
        ("/manageable_snapshots", 8),
        ("/os-snapshot-manage", 0),
    ),
)

#: The sort keys, and the fields.
_SORT_KEYS = {"reference": "id", "size": "size_gib"}


def list_manageable_volumes(
    request: ApiRequest, query: schemas.ManageableListQuery
) -> schemas.ManageableVolumesResponse:
    volumes = _list(request, query, policy.VOLUME_LIST_MANAGEABLE, AdoptableKind.VOLUME)
    return schemas.ManageableVolumesResponse([views.manageable_volume(volume) for volume in volumes])


def list_manageable_volumes_detail(
    request: ApiRequest, query: schemas.ManageableListQuery
) -> schemas.ManageableVolumesDetailResponse:
    volumes = _list(request, query, policy.VOLUME_LIST_MANAGEABLE, AdoptableKind.VOLUME)
    return schemas.ManageableVolumesDetailResponse([views.manageable_volume_detail(volume) for volume in volumes])


def manage_volume(request: ApiRequest, body: schemas.VolumeManageRequest) -> VolumeResponse:
    new = body.volume
    volume = request.services.volume.managed_volumes.manage(
        request.ctx,
        NewManagedVolume(
            host=new.host,
            reference=new.ref,
            name=new.name or "",
            description=new.description,
            volume_type=new.volume_type or "",
            availability_zone=new.availability_zone,
            metadata=new.metadata or {},
            bootable=new.bootable,
        ),
    )
    return VolumeResponse(views.new_volume(volume, request.view, list_related(request, [volume])))


def list_manageable_snapshots(
    request: ApiRequest, query: schemas.ManageableListQuery
) -> schemas.ManageableSnapshotsResponse:
    snapshots = _list(request, query, policy.SNAPSHOT_LIST_MANAGEABLE, AdoptableKind.SNAPSHOT)
    return schemas.ManageableSnapshotsResponse([views.manageable_snapshot(snapshot) for snapshot in snapshots])


def list_manageable_snapshots_detail(
    request: ApiRequest, query: schemas.ManageableListQuery
) -> schemas.ManageableSnapshotsDetailResponse:
    snapshots = _list(request, query, policy.SNAPSHOT_LIST_MANAGEABLE, AdoptableKind.SNAPSHOT)
    items = [views.manageable_snapshot_detail(snapshot) for snapshot in snapshots]
    return schemas.ManageableSnapshotsDetailResponse(items)


def manage_snapshot(request: ApiRequest, body: schemas.SnapshotManageRequest) -> SnapshotResponse:
    new = body.snapshot
    snapshot = request.services.volume.managed_snapshots.manage(
        request.ctx,
        NewManagedSnapshot(
            volume_id=new.volume_id,
            reference=new.ref,
            name=new.name or new.display_name or "",
            description=new.description,
            metadata=new.metadata or {},
        ),
    )
    return SnapshotResponse(views.new_snapshot(snapshot))


for _path, _since in _VOLUMES:
    _rule = policy.VOLUME_LIST_MANAGEABLE
    api.get(_path, _rule, since=_since, manages_transactions=True, errors=_ERRORS)(list_manageable_volumes)
    api.get(f"{_path}/detail", _rule, since=_since, manages_transactions=True, errors=_ERRORS)(
        list_manageable_volumes_detail
    )
    api.post(_path, policy.VOLUME_MANAGE, since=_since, status=202, errors=_ERRORS)(manage_volume)
for _path, _since in _SNAPSHOTS:
    _rule = policy.SNAPSHOT_LIST_MANAGEABLE
    api.get(_path, _rule, since=_since, manages_transactions=True, errors=_ERRORS)(list_manageable_snapshots)
    api.get(f"{_path}/detail", _rule, since=_since, manages_transactions=True, errors=_ERRORS)(
        list_manageable_snapshots_detail
    )
    api.post(_path, policy.SNAPSHOT_MANAGE, since=_since, status=202, errors=_ERRORS)(manage_snapshot)


def _list(
    request: ApiRequest, query: schemas.ManageableListQuery, rule: Rule, kind: AdoptableKind
) -> Sequence[AdoptableResource]:
    """Return one page. The cloud is read outside of a transaction. Raises Invalid, NotFound, UnsupportedOperation."""
    if bool(query.host) == bool(query.cluster):
        raise Invalid("Invalid input received: One and only one of cluster and host must be set.")
    service = request.services.volume.managed_volumes
    with request.read_transaction() as ctx:
        backend = service.get_backend(ctx, rule, kind, query.host or query.cluster or "")
    return paginate(
        service.list_native(backend, kind),
        query,
        lambda resource: resource.id,
        "reference size",
        "reference",
        lambda resource, key: getattr(resource, _SORT_KEYS[key]),
    )
