"""`/volumes/{id}/action`: one verb a body.

Source: cinder/api/contrib/{volume_actions,admin_actions,volume_image_metadata}.py.
"""

from collections.abc import Callable
from typing import Any

from litestar import Response

from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.openstack.volume import schemas
from stratiform.interfaces.openstack.volume.routes.calls import post, writing
from stratiform.interfaces.services import Request, decode, services_of
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid

_Action = Callable[[Request, RequestContext, str, Any], Response[Any]]


def _accepted() -> Response[Any]:
    return Response(None, status_code=202)


def _extend(request: Request, ctx: RequestContext, volume_id: str, value: Any) -> Response[Any]:
    size = schemas.whole(schemas.convert(value, schemas.Extend).new_size, "new_size")
    services_of(request).volume.extend(ctx, volume_id, size or 0, attached_too=minor(request) >= 42)
    return _accepted()


def _reset_status(request: Request, ctx: RequestContext, volume_id: str, value: Any) -> Response[Any]:
    asked = schemas.convert(value, schemas.ResetStatus)
    if asked.status is None and asked.attach_status is None and asked.migration_status is None:
        raise Invalid("Must specify 'status', 'attach_status' or 'migration_status' for update.")
    detached = asked.attach_status == "detached"
    services_of(request).volume.reset_status(ctx, volume_id, asked.status, detached=detached)
    return _accepted()


def _set_bootable(request: Request, ctx: RequestContext, volume_id: str, value: Any) -> Response[Any]:
    bootable = schemas.truth(schemas.convert(value, schemas.SetBootable).bootable, "bootable")
    services_of(request).volume.set_bootable(ctx, volume_id, bootable)
    return Response(None, status_code=200)


def _set_read_only(request: Request, ctx: RequestContext, volume_id: str, value: Any) -> Response[Any]:
    read_only = schemas.truth(schemas.convert(value, schemas.ReadOnly).readonly, "readonly")
    services_of(request).volume.set_read_only(ctx, volume_id, read_only)
    return _accepted()


def _force_delete(request: Request, ctx: RequestContext, volume_id: str, _value: Any) -> Response[Any]:
    services_of(request).volume.delete(ctx, volume_id, force=True)
    return _accepted()


def _retype(request: Request, ctx: RequestContext, volume_id: str, value: Any) -> Response[Any]:
    asked = schemas.convert(value, schemas.Retype)
    services_of(request).volume.retype(ctx, volume_id, asked.new_type)
    return _accepted()


def _show_image_metadata(request: Request, ctx: RequestContext, volume_id: str, _value: Any) -> Response[Any]:
    volume = services_of(request).volume.volume(ctx, volume_id)
    return Response({"metadata": volume.image_metadata}, status_code=200)


def _set_image_metadata(request: Request, ctx: RequestContext, volume_id: str, value: Any) -> Response[Any]:
    given = schemas.convert(value, schemas.ImageMetadata).metadata
    return Response(
        {"metadata": services_of(request).volume.set_image_metadata(ctx, volume_id, given)}, status_code=200
    )


def _unset_image_metadata(request: Request, ctx: RequestContext, volume_id: str, value: Any) -> Response[Any]:
    key = schemas.convert(value, schemas.ImageMetadataKey).key
    services_of(request).volume.delete_image_metadata(ctx, volume_id, key)
    return Response(None, status_code=200)


_ACTIONS: dict[str, _Action] = {
    "os-extend": _extend,
    "os-reset_status": _reset_status,
    "os-set_bootable": _set_bootable,
    "os-update_readonly_flag": _set_read_only,
    "os-force_delete": _force_delete,
    "os-retype": _retype,
    "os-show_image_metadata": _show_image_metadata,
    "os-set_image_metadata": _set_image_metadata,
    "os-unset_image_metadata": _unset_image_metadata,
}

#: Cinder has these, we don't, and say what to do instead.
_REFUSED = {
    **dict.fromkeys(
        (
            "os-attach",
            "os-detach",
            "os-force_detach",
            "os-reserve",
            "os-unreserve",
            "os-begin_detaching",
            "os-roll_detaching",
            "os-initialize_connection",
            "os-terminate_connection",
        ),
        "Volumes are attached and detached by the Compute API (servers/{id}/os-volume_attachments).",
    ),
    "os-volume_upload_image": "Making an image of a volume is not supported.",
    "os-migrate_volume": "A volume stays in the cloud that it was made in.",
    "os-migrate_volume_completion": "A volume stays in the cloud that it was made in.",
    "os-unmanage": "Every volume here was made by Stratiform and can't be unmanaged.",
    "revert": "There are no snapshots to go back to.",
    "os-reimage": "A volume's data can't be replaced; make a new one from the image.",
}


@post("/volumes/{volume_id:str}/action")
def act_on_volume(request: Request, volume_id: str, body: bytes) -> Response[Any]:
    asked = decode(body, dict[str, Any])
    name = next(iter(asked), "")
    if len(asked) != 1 or (name not in _ACTIONS and name not in _REFUSED):
        raise Invalid(f"There is no such action: {name}" if asked else "Missing required element in request body.")
    with writing(request) as ctx:
        if name in _REFUSED:
            services_of(request).volume.volume(ctx, volume_id)
            raise Invalid(_REFUSED[name])
        return _ACTIONS[name](request, ctx, volume_id, asked[name])


handlers: list[Any] = [*act_on_volume]
