"""`/volumes/{id}/metadata`."""

from typing import Any

from stratiform.interfaces.openstack.volume import schemas
from stratiform.interfaces.openstack.volume.routes.calls import delete, get, post, put, reading, writing
from stratiform.interfaces.services import Request, decode, services_of
from stratiform.kit.errors import Invalid

_ALL = "/volumes/{volume_id:str}/metadata"
_ONE = "/volumes/{volume_id:str}/metadata/{key:str}"


@get(_ALL)
def list_metadata(request: Request, volume_id: str) -> dict[str, Any]:
    with reading(request) as ctx:
        return {"metadata": services_of(request).volume.metadata(ctx, volume_id)}


@post(_ALL, status_code=200)
def add_metadata(request: Request, volume_id: str, body: bytes) -> dict[str, Any]:
    given = decode(body, schemas.MetadataBody).metadata
    with writing(request) as ctx:
        return {"metadata": services_of(request).volume.set_metadata(ctx, volume_id, given)}


@put(_ALL)
def replace_metadata(request: Request, volume_id: str, body: bytes) -> dict[str, Any]:
    given = decode(body, schemas.MetadataBody).metadata
    with writing(request) as ctx:
        return {"metadata": services_of(request).volume.set_metadata(ctx, volume_id, given, replace_all=True)}


@get(_ONE)
def show_metadata_item(request: Request, volume_id: str, key: str) -> dict[str, Any]:
    with reading(request) as ctx:
        return {"meta": {key: services_of(request).volume.metadata_value(ctx, volume_id, key)}}


@put(_ONE)
def set_metadata_item(request: Request, volume_id: str, key: str, body: bytes) -> dict[str, Any]:
    given = decode(body, schemas.MetaBody).meta
    if len(given) != 1 or key not in given:
        raise Invalid("Request body and URI mismatch")
    with writing(request) as ctx:
        services_of(request).volume.set_metadata(ctx, volume_id, given)
    return {"meta": given}


@delete(_ONE, status_code=200)
def delete_metadata_item(request: Request, volume_id: str, key: str) -> None:
    with writing(request) as ctx:
        services_of(request).volume.delete_metadata(ctx, volume_id, key)


handlers: list[Any] = [
    *list_metadata,
    *add_metadata,
    *replace_metadata,
    *show_metadata_item,
    *set_metadata_item,
    *delete_metadata_item,
]
