"""`/volumes`."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from litestar import Response
from msgspec import UNSET

from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.openstack.volume import schemas, views
from stratiform.interfaces.openstack.volume.routes.calls import (
    delete,
    get,
    post,
    put,
    reading,
    shown,
    since,
    writing,
)
from stratiform.interfaces.services import Request, decode, services_of
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.pagination import Page
from stratiform.services.volume.model import NewVolume, Sort, Volume, VolumeFilter

_View = Callable[[Volume, views.Shown], views.Body]


@post("/volumes")
def create_volume(request: Request, body: bytes) -> Response[Any]:
    asked = decode(body, schemas.VolumeCreateBody).volume
    new = _new_volume(asked)
    with writing(request) as ctx:
        volume = services_of(request).volume.create(ctx, new)
        return Response(_one(request, ctx, volume), status_code=202)


def _new_volume(asked: schemas.VolumeCreate) -> NewVolume:
    if asked.backup_id:
        raise NotFound(f"Backup {asked.backup_id} could not be found.")
    if asked.multiattach is not None and schemas.truth(asked.multiattach, "multiattach"):
        raise Invalid("Volumes that several servers have at once (multiattach) are not supported.")
    if asked.consistencygroup_id or asked.group_id:
        raise Invalid("Volume groups are not supported.")
    return NewVolume(
        size_gib=schemas.whole(asked.size, "size"),
        name=asked.name or asked.display_name or "",
        description=asked.description or asked.display_description,
        type=asked.volume_type or "",
        zone=asked.availability_zone,
        image_id=asked.imageRef or asked.image_id or "",
        snapshot_id=asked.snapshot_id or "",
        source_volume_id=asked.source_volid or "",
        metadata=asked.metadata or {},
    )


@get("/volumes")
def list_volumes(request: Request) -> dict[str, Any]:
    return _listed(request, "volumes", views.volume_summary)


@get("/volumes/detail")
def list_volumes_in_detail(request: Request) -> dict[str, Any]:
    return _listed(request, "volumes/detail", views.volume_detail)


@get("/volumes/summary")
def summarize_volumes(request: Request) -> dict[str, Any]:
    since(request, 12)
    with reading(request) as ctx:
        wanted, everyone = _filter(request)
        found = services_of(request).volume.summary(ctx, wanted, all_projects=everyone)
    body: dict[str, Any] = {"total_size": found.size_gib, "total_count": found.count}
    if minor(request) >= 36:
        body["metadata"] = found.metadata
    return {"volume-summary": body}


@get("/volumes/{volume_id:str}")
def show_volume(request: Request, volume_id: str) -> dict[str, Any]:
    with reading(request) as ctx:
        return _one(request, ctx, services_of(request).volume.volume(ctx, volume_id))


@put("/volumes/{volume_id:str}")
def update_volume(request: Request, volume_id: str, body: bytes) -> dict[str, Any]:
    asked = decode(body, schemas.VolumeUpdateBody).volume
    name = asked.name if asked.name is not UNSET else asked.display_name
    text = asked.description if asked.description is not UNSET else asked.display_description
    with writing(request) as ctx:
        volume = services_of(request).volume.update(
            ctx,
            volume_id,
            name=None if name is UNSET else name or "",
            description=None if text is UNSET else text or "",
            metadata=asked.metadata,
        )
        return _one(request, ctx, volume)


@delete("/volumes/{volume_id:str}", status_code=202)
def delete_volume(request: Request, volume_id: str) -> None:
    # `cascade` takes the snapshots along, and there are none.
    text = request.query_params.get("force", "false")
    force = minor(request) >= 23 and schemas.truth(text, "force")
    with writing(request) as ctx:
        services_of(request).volume.delete(ctx, volume_id, force=force)


def _one(request: Request, ctx: RequestContext, volume: Volume) -> dict[str, Any]:
    return {"volume": views.volume_detail(volume, _beside(request, ctx, [volume]))}


def _beside(request: Request, ctx: RequestContext, volumes: Sequence[Volume]) -> views.Shown:
    """How to show `volumes`, with the names of their types and what they are attached to."""
    service = services_of(request).volume
    return replace(
        shown(request, ctx),
        types=service.type_names(ctx, {volume.type_id for volume in volumes}),
        attachments=service.attachments_by_volume(ctx.db, [volume.id for volume in volumes]),
    )


def _listed(request: Request, place: str, view: _View) -> dict[str, Any]:
    query = request.query_params
    page = Page.parse(query.get("limit"), query.get("marker"))
    wanted, everyone = _filter(request)
    offset = schemas.whole(query.get("offset"), "offset") or 0
    service = services_of(request).volume
    with reading(request) as ctx:
        found = service.volumes(ctx, wanted, page, _sorts(request), offset=offset, all_projects=everyone)
        beside = _beside(request, ctx, found.items)
        body: dict[str, Any] = {"volumes": [view(volume, beside) for volume in found.items]}
        if found.more and found.items:
            kept = {key: value for key, value in query.items() if key != "offset"}
            body["volumes_links"] = views.next_link(beside, place, kept, found.items[-1].id)
        if minor(request) >= 45 and schemas.truth(query.get("with_count", "false"), "with_count"):
            body["count"] = service.count(ctx, wanted, all_projects=everyone)
    return body


def _filter(request: Request) -> tuple[VolumeFilter, bool]:
    """What is asked for, and whether of every project."""
    query = request.query_params
    everyone = schemas.truth(query.get("all_tenants", "false"), "all_tenants")
    bootable = query.get("bootable")
    wanted = VolumeFilter(
        project_id=query.get("project_id") if everyone else None,
        name=query.get("name", query.get("display_name")),
        status=query.get("status"),
        zone=query.get("availability_zone"),
        bootable=None if bootable is None else schemas.truth(bootable, "bootable"),
        type_id=query.get("volume_type_id"),
        user_id=query.get("user_id"),
        id=query.get("id"),
        metadata=_metadata_filter(query.get("metadata")),
    )
    return wanted, everyone


def _metadata_filter(text: str | None) -> dict[str, str] | None:
    """Clients write a Python dictionary here; so does Cinder read it."""
    if not text:
        return None
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise Invalid(f"Invalid value for metadata filter: {text[:80]}") from error
    return schemas.convert(found, dict[str, str])


def _sorts(request: Request) -> list[Sort]:
    """`sort=name:asc,size` or the older `sort_key` and `sort_dir`. Raises Invalid for a direction that is none."""
    query = request.query_params
    if "sort" in query:
        pairs = [part.strip().partition(":") for part in query["sort"].split(",") if part.strip()]
        return [Sort(key.strip(), _descending(way or "desc")) for key, _, way in pairs]
    if "sort_key" in query or "sort_dir" in query:
        return [Sort(query.get("sort_key", "created_at"), _descending(query.get("sort_dir", "desc")))]
    return []


def _descending(way: str) -> bool:
    if way not in ("asc", "desc"):
        raise Invalid("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.")
    return way == "desc"


handlers: list[Any] = [
    *create_volume,
    *list_volumes,
    *list_volumes_in_detail,
    *summarize_volumes,
    *show_volume,
    *update_volume,
    *delete_volume,
]
