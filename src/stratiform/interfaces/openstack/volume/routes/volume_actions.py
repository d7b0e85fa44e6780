"""`/volumes/{volume_id}/action`.

Source: cinder/api/contrib/{volume_actions,admin_actions,volume_image_metadata}.py.
"""

from stratiform.interfaces.endpoints import Action, ApiRequest
from stratiform.interfaces.openstack.volume import views
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.schemas import volume_actions as schemas
from stratiform.interfaces.openstack.volume.schemas.volumes import MetadataResponse
from stratiform.kit.errors import Conflict, Invalid, UnsupportedOperation
from stratiform.services.volume import policy
from stratiform.services.volume.model import Volume

_CONFLICT = (Conflict,)

_PATH = "/volumes/{volume_id}/action"


def _extend(request: ApiRequest, volume_id: str, body: schemas.Extend) -> None:
    """In-use volumes can be extended since 3.42."""
    allow_in_use = request.microversion >= 42
    request.services.volume.volume_actions.extend(request.ctx, volume_id, body.new_size, allow_in_use=allow_in_use)


def _reset_status(request: ApiRequest, volume_id: str, body: schemas.ResetStatus) -> None:
    if body.status is None and body.attach_status is None and body.migration_status is None:
        raise Invalid("Must specify 'status', 'attach_status' or 'migration_status' for update.")
    detach = body.attach_status == "detached"
    request.services.volume.volume_actions.reset_status(request.ctx, volume_id, body.status, detach=detach)


def _set_bootable(request: ApiRequest, volume_id: str, body: schemas.SetBootable) -> None:
    request.services.volume.volume_actions.set_bootable(request.ctx, volume_id, body.bootable)


def _update_readonly_flag(request: ApiRequest, volume_id: str, body: schemas.UpdateReadonlyFlag) -> None:
    request.services.volume.volume_actions.set_read_only(request.ctx, volume_id, body.readonly)


def _force_delete(request: ApiRequest, volume_id: str) -> None:
    request.services.volume.volumes.delete(request.ctx, volume_id, force=True)


def _retype(request: ApiRequest, volume_id: str, body: schemas.Retype) -> None:
    request.services.volume.volume_actions.retype(request.ctx, volume_id, body.new_type)


def _show_image_metadata(request: ApiRequest, volume_id: str) -> MetadataResponse:
    return MetadataResponse(request.services.volume.image_metadata.list(request.ctx, volume_id))


def _set_image_metadata(request: ApiRequest, volume_id: str, body: schemas.SetImageMetadata) -> MetadataResponse:
    return MetadataResponse(request.services.volume.image_metadata.update(request.ctx, volume_id, body.metadata))


def _unset_image_metadata(request: ApiRequest, volume_id: str, body: schemas.UnsetImageMetadata) -> None:
    request.services.volume.image_metadata.delete(request.ctx, volume_id, body.key)


def _upload_image(request: ApiRequest, volume_id: str, body: schemas.UploadImage) -> schemas.UploadImageResponse:
    """`visibility` and `protected` exist since 3.1."""
    attributes: dict[str, object] = {
        "name": body.image_name,
        "disk_format": body.disk_format or "raw",
        "container_format": body.container_format or "bare",
        "visibility": body.visibility or "private",
        "protected": bool(body.protected),
    }
    service = request.services.volume
    volume, image = service.volume_actions.upload_image(request.ctx, volume_id, attributes, force=bool(body.force))
    type_names = service.volume_types.list_names(request.ctx, {volume.type_id})
    return schemas.UploadImageResponse(views.uploading_volume(volume, image, type_names.get(volume.type_id, "")))


def _revert(request: ApiRequest, volume_id: str, body: schemas.Revert) -> None:
    request.services.volume.snapshots.revert(request.ctx, volume_id, body.snapshot_id)


def _reimage(request: ApiRequest, volume_id: str, body: schemas.Reimage) -> None:
    allow_reserved = bool(body.reimage_reserved)
    request.services.volume.volume_actions.reimage(request.ctx, volume_id, body.image_id, allow_reserved=allow_reserved)


def _reserve(request: ApiRequest, volume_id: str) -> None:
    request.services.volume.recorded_attachments.reserve(request.ctx, volume_id)


def _unreserve(request: ApiRequest, volume_id: str) -> None:
    request.services.volume.recorded_attachments.unreserve(request.ctx, volume_id)


def _begin_detaching(request: ApiRequest, volume_id: str) -> None:
    request.services.volume.recorded_attachments.begin_detaching(request.ctx, volume_id)


def _roll_detaching(request: ApiRequest, volume_id: str) -> None:
    request.services.volume.recorded_attachments.roll_detaching(request.ctx, volume_id)


def _attach(request: ApiRequest, volume_id: str, body: schemas.Attach) -> None:
    request.services.volume.recorded_attachments.attach(
        request.ctx,
        volume_id,
        server_id=body.instance_uuid or "",
        host=body.host_name or "",
        device=body.mountpoint or "",
        mode=body.mode,
    )


def _detach(request: ApiRequest, volume_id: str, body: schemas.Detach | None) -> None:
    attachment_id = None if body is None else body.attachment_id
    request.services.volume.recorded_attachments.detach(request.ctx, volume_id, attachment_id)


def _force_detach(request: ApiRequest, volume_id: str, body: schemas.Detach | None) -> None:
    attachment_id = None if body is None else body.attachment_id
    request.services.volume.recorded_attachments.detach(request.ctx, volume_id, attachment_id, force=True)


def _initialize_connection(request: ApiRequest, volume_id: str, body: schemas.Connection) -> None:  # noqa: ARG001 - validated only
    request.services.volume.recorded_attachments.initialize_connection(request.ctx, volume_id)


def _terminate_connection(request: ApiRequest, volume_id: str, body: schemas.Connection) -> None:  # noqa: ARG001 - validated only
    request.services.volume.recorded_attachments.terminate_connection(request.ctx, volume_id)


def _migrate(request: ApiRequest, volume_id: str, body: schemas.Migrate) -> None:
    request.services.volume.volume_actions.migrate(request.ctx, volume_id, body.host or "")


def _unmanage(request: ApiRequest, volume_id: str) -> None:
    request.services.volume.managed_volumes.unmanage(request.ctx, volume_id)


def _get(request: ApiRequest, volume_id: str) -> Volume:
    return request.services.volume.volumes.get(request.ctx, volume_id)


api.declare_actions(
    _PATH,
    [
        Action("os-extend", policy.VOLUME_EXTEND, _extend),
        Action("os-reset_status", policy.VOLUME_RESET_STATUS, _reset_status),
        Action("os-set_bootable", policy.VOLUME_SET_BOOTABLE, _set_bootable, status=200),
        Action("os-update_readonly_flag", policy.VOLUME_UPDATE_READONLY, _update_readonly_flag),
        Action("os-force_delete", policy.VOLUME_FORCE_DELETE, _force_delete),
        Action("os-retype", policy.VOLUME_RETYPE, _retype),
        Action("os-volume_upload_image", policy.VOLUME_UPLOAD, _upload_image),
        Action("revert", policy.VOLUME_REVERT, _revert, since=40),
        Action("os-show_image_metadata", policy.VOLUME_GET, _show_image_metadata, status=200),
        Action("os-set_image_metadata", policy.IMAGE_METADATA_SET, _set_image_metadata, status=200),
        Action("os-unset_image_metadata", policy.IMAGE_METADATA_REMOVE, _unset_image_metadata, status=200),
        Action("os-reimage", policy.VOLUME_REIMAGE, _reimage, since=68, errors=(UnsupportedOperation,)),
        Action("os-reserve", policy.VOLUME_RESERVE, _reserve),
        Action("os-unreserve", policy.VOLUME_UNRESERVE, _unreserve, errors=_CONFLICT),
        Action("os-begin_detaching", policy.VOLUME_BEGIN_DETACHING, _begin_detaching, errors=_CONFLICT),
        Action("os-roll_detaching", policy.VOLUME_ROLL_DETACHING, _roll_detaching, errors=_CONFLICT),
        Action("os-attach", policy.VOLUME_ATTACH, _attach),
        Action("os-detach", policy.VOLUME_DETACH, _detach, errors=_CONFLICT),
        Action("os-force_detach", policy.VOLUME_FORCE_DETACH, _force_detach, errors=_CONFLICT),
        Action("os-initialize_connection", policy.VOLUME_INITIALIZE_CONNECTION, _initialize_connection, status=200),
        Action("os-terminate_connection", policy.VOLUME_TERMINATE_CONNECTION, _terminate_connection),
        Action("os-unmanage", policy.VOLUME_UNMANAGE, _unmanage, errors=(UnsupportedOperation,)),
        Action("os-migrate_volume", policy.VOLUME_MIGRATE, _migrate),
    ],
)

_NO_MIGRATION = "Migration of volumes to another cloud is not supported."

api.declare_unsupported_actions(_PATH, policy.VOLUME_GET, _get, {"os-migrate_volume_completion": _NO_MIGRATION})
