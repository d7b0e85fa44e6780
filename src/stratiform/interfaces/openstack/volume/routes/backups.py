"""`/backups`: not supported; lists are empty."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.schemas.common import PageQuery
from stratiform.interfaces.openstack.volume.schemas.infrastructure import BackupCreateRequest, BackupsResponse
from stratiform.kit.errors import NotFound, UnsupportedOperation
from stratiform.kit.pagination import paginate_list
from stratiform.services.volume import policy


@api.get("/backups", policy.BACKUP_GET_ALL)
def list_backups(_request: ApiRequest, query: PageQuery) -> BackupsResponse:
    return BackupsResponse(paginate_list([], query.page(), str).items)


@api.get("/backups/detail", policy.BACKUP_GET_ALL)
def list_backups_detail(_request: ApiRequest, query: PageQuery) -> BackupsResponse:
    return BackupsResponse(paginate_list([], query.page(), str).items)


@api.get("/backups/{backup_id}", policy.BACKUP_GET)
def show_backup(_request: ApiRequest, backup_id: str) -> None:
    raise NotFound(f"Backup {backup_id} could not be found.")


@api.post("/backups", policy.BACKUP_CREATE, errors=(UnsupportedOperation,))
def create_backup(request: ApiRequest, body: BackupCreateRequest) -> None:
    """Not supported (501): backups of volumes."""
    request.services.volume.volumes.get(request.ctx, body.backup.volume_id)
    raise UnsupportedOperation("Backups of volumes are not supported.")
