"""`/backups`, their records and their actions. Source: cinder/api/contrib/backups.py and cinder/api/v3/backups.py."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from stratiform.interfaces.endpoints import Action, ApiRequest
from stratiform.interfaces.openstack.volume import views
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.lists import build_next_links, parse_metadata_filter
from stratiform.interfaces.openstack.volume.schemas import snapshots as schemas
from stratiform.kit.errors import Invalid
from stratiform.services.volume import policy
from stratiform.services.volume.model import BACKUP_SERVICE, Backup, CopyFilter, NewBackup

_PATH = "/backups/{backup_id}"


@api.get("/backups", policy.BACKUP_GET_ALL)
def list_backups(request: ApiRequest, query: schemas.BackupListQuery) -> schemas.BackupsResponse:
    backups = _list(request, query)
    items = [views.backup_summary(backup, request.view) for backup in backups]
    links = build_next_links(request, backups, query, lambda backup: backup.id)
    return schemas.BackupsResponse(items, links, _count(request, query))


@api.get("/backups/detail", policy.BACKUP_GET_ALL)
def list_backups_detail(request: ApiRequest, query: schemas.BackupListQuery) -> schemas.BackupsDetailResponse:
    backups = _list(request, query)
    parent_ids = request.services.volume.backups.list_ids_with_children(request.ctx, backups)
    items = [views.backup_detail(backup, request.view, parent_ids) for backup in backups]
    links = build_next_links(request, backups, query, lambda backup: backup.id)
    return schemas.BackupsDetailResponse(items, links, _count(request, query))


@api.get(_PATH, policy.BACKUP_GET)
def show_backup(request: ApiRequest, backup_id: str) -> schemas.BackupResponse:
    return _response(request, request.services.volume.backups.get(request.ctx, backup_id))


@api.post("/backups", policy.BACKUP_CREATE, status=202)
def create_backup(request: ApiRequest, body: schemas.BackupCreateRequest) -> schemas.BackupCreatedResponse:
    new = body.backup
    backup = request.services.volume.backups.create(
        request.ctx,
        NewBackup(
            volume_id=new.volume_id,
            snapshot_id=new.snapshot_id or "",
            name=new.name or "",
            description=new.description,
            container=new.container or "",
            metadata=new.metadata or {},
            incremental=new.incremental,
            force=new.force,
        ),
    )
    return schemas.BackupCreatedResponse(views.backup_summary(backup, request.view))


@api.put(_PATH, policy.BACKUP_UPDATE, since=9)
def update_backup(
    request: ApiRequest, backup_id: str, body: schemas.BackupUpdateRequest
) -> schemas.BackupCreatedResponse:
    values = {"name": body.backup.name, "description": body.backup.description, "metadata": body.backup.metadata}
    changes: dict[str, Any] = {name: value for name, value in values.items() if not isinstance(value, UnsetType)}
    if not changes:
        raise Invalid("Must specify at least one of name, description or metadata for update.")
    backup = request.services.volume.backups.update(request.ctx, backup_id, **changes)
    return schemas.BackupCreatedResponse(views.backup_summary(backup, request.view))


@api.delete(_PATH, policy.BACKUP_DELETE, status=202)
def delete_backup(request: ApiRequest, backup_id: str) -> None:
    request.services.volume.backups.delete(request.ctx, backup_id)


@api.post(f"{_PATH}/restore", policy.BACKUP_RESTORE, status=202)
def restore_backup(request: ApiRequest, backup_id: str, body: schemas.RestoreRequest) -> schemas.RestoreResponse:
    restores, target = request.services.volume.backup_restores, body.restore
    volume = restores.restore(request.ctx, backup_id, target.volume_id, target.name)
    return schemas.RestoreResponse(schemas.Restored(backup_id, volume.id, volume.name))


@api.get(f"{_PATH}/export_record", policy.BACKUP_EXPORT)
def export_backup_record(request: ApiRequest, backup_id: str) -> schemas.BackupRecordResponse:
    url = request.services.volume.backup_restores.export_record(request.ctx, backup_id)
    return schemas.BackupRecordResponse(schemas.BackupRecord(BACKUP_SERVICE, url))


@api.post("/backups/import_record", policy.BACKUP_IMPORT, status=201)
def import_backup_record(request: ApiRequest, body: schemas.BackupRecordRequest) -> schemas.BackupCreatedResponse:
    restores, record = request.services.volume.backup_restores, body.record
    backup = restores.import_record(request.ctx, record.backup_service, record.backup_url)
    return schemas.BackupCreatedResponse(views.backup_summary(backup, request.view))


def _reset_status(request: ApiRequest, backup_id: str, body: schemas.ResetStatus) -> None:
    request.services.volume.backups.reset_status(request.ctx, backup_id, body.status)


def _force_delete(request: ApiRequest, backup_id: str) -> None:
    request.services.volume.backups.delete(request.ctx, backup_id, force=True)


api.declare_actions(
    f"{_PATH}/action",
    [
        Action("os-reset_status", policy.BACKUP_RESET_STATUS, _reset_status),
        Action("os-force_delete", policy.BACKUP_FORCE_DELETE, _force_delete),
    ],
)


def _response(request: ApiRequest, backup: Backup) -> schemas.BackupResponse:
    parent_ids = request.services.volume.backups.list_ids_with_children(request.ctx, [backup])
    return schemas.BackupResponse(views.backup_detail(backup, request.view, parent_ids))


def _list(request: ApiRequest, query: schemas.BackupListQuery) -> Sequence[Backup]:
    return request.services.volume.backups.list(
        request.ctx,
        _filters(query),
        query.page(),
        query.sorts(),
        offset=query.offset,
        all_projects=query.all_tenants,
    ).items


def _count(request: ApiRequest, query: schemas.BackupListQuery) -> int | UnsetType:
    if not query.with_count:
        return UNSET
    return request.services.volume.backups.count(request.ctx, _filters(query), all_projects=query.all_tenants)


def _filters(query: schemas.BackupListQuery) -> CopyFilter:
    return CopyFilter(
        project_id=query.project_id if query.all_tenants else None,
        name=query.name,
        status=query.status,
        volume_id=query.volume_id,
        snapshot_id=query.snapshot_id,
        metadata=parse_metadata_filter(query.metadata),
    )
