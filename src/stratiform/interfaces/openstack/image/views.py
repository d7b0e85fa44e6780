"""Models of the image service as response structs."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec import UNSET

from stratiform.interfaces.openstack.image import schemas
from stratiform.kit.clock import format_iso_seconds
from stratiform.kit.pagination import Slice
from stratiform.services.image.model import Image, ImageMember, ImageTask, LocationUrl, LocationUrls, StoreInfo


def image_detail(image: Image, locations: LocationUrls) -> schemas.ImageDetail:
    return schemas.ImageDetail(
        id=image.id,
        name=image.name,
        status=image.status,
        visibility=image.visibility,
        owner=image.owner,
        protected=image.protected,
        os_hidden=image.os_hidden,
        disk_format=image.disk_format,
        container_format=image.container_format,
        size=image.size,
        virtual_size=image.virtual_size,
        checksum=image.checksum,
        os_hash_algo=image.os_hash_algo,
        os_hash_value=image.os_hash_value,
        min_disk=image.min_disk,
        min_ram=image.min_ram,
        tags=image.tags,
        created_at=format_iso_seconds(image.created_at),
        updated_at=format_iso_seconds(image.updated_at),
        self_link=f"/v2/images/{image.id}",
        file=f"/v2/images/{image.id}/file",
        stores=",".join(location.store for location in image.data_locations) if image.locations else UNSET,
        direct_url=locations.direct_url or UNSET,
        locations=UNSET if locations.locations is None else location_details(locations.locations),
        extra=dict(image.properties),
    )


def location_details(locations: Sequence[LocationUrl]) -> list[schemas.LocationDetail]:
    return [schemas.LocationDetail(location.url, dict(location.metadata)) for location in locations]


def images_response(
    images: Slice[Image], query_items: Sequence[tuple[str, str]], describe: Callable[[Image], LocationUrls]
) -> schemas.ImagesResponse:
    """Return a page of images; `describe` returns the locations of an image."""
    query = [(name, value) for name, value in query_items if name != "marker"]
    marker = images.next_marker(lambda image: image.id)
    return schemas.ImagesResponse(
        images=[image_detail(image, describe(image)) for image in images.items],
        first=_list_path(query),
        next=UNSET if marker is None else _list_path([*query, ("marker", marker)]),
    )


def image_member(member: ImageMember) -> schemas.ImageMemberDetail:
    return schemas.ImageMemberDetail(
        member_id=member.member_id,
        image_id=member.image_id,
        status=member.status,
        created_at=format_iso_seconds(member.created_at),
        updated_at=format_iso_seconds(member.updated_at),
    )


def task_detail(task: ImageTask) -> schemas.TaskDetail:
    return schemas.TaskDetail(
        **_task_attributes(task),
        input=task.input,
        result=task.result,
        message=task.message,
        image_id=task.image_id,
        user_id=task.user_id,
        request_id=task.request_id,
    )


def tasks_response(tasks: Slice[ImageTask], query_items: Sequence[tuple[str, str]]) -> schemas.TasksResponse:
    query = [(name, value) for name, value in query_items if name != "marker"]
    marker = tasks.next_marker(lambda task: task.id)
    return schemas.TasksResponse(
        tasks=[schemas.TaskSummary(**_task_attributes(task)) for task in tasks.items],
        first=_list_path(query, "/v2/tasks"),
        next=UNSET if marker is None else _list_path([*query, ("marker", marker)], "/v2/tasks"),
    )


def store_summary(store: StoreInfo) -> schemas.StoreSummary:
    return schemas.StoreSummary(**_store_attributes(store))


def store_detail(store: StoreInfo) -> schemas.StoreDetail:
    return schemas.StoreDetail(
        **_store_attributes(store), type=store.kind, weight=store.weight, properties=dict(store.properties)
    )


def _store_attributes(store: StoreInfo) -> dict[str, Any]:
    return {
        "id": store.id,
        "description": store.description or UNSET,
        "default": "true" if store.is_default else UNSET,
        "read_only": "true" if store.is_read_only else UNSET,
    }


def _task_attributes(task: ImageTask) -> dict[str, Any]:
    return {
        "id": task.id,
        "type": task.type,
        "status": task.status,
        "owner": task.owner,
        "created_at": format_iso_seconds(task.created_at),
        "updated_at": format_iso_seconds(task.updated_at),
        "expires_at": UNSET if task.expires_at is None else format_iso_seconds(task.expires_at),
        "self_link": f"/v2/tasks/{task.id}",
    }


def _list_path(query: Sequence[tuple[str, str]], path: str = "/v2/images") -> str:
    return path + (f"?{urlencode(query)}" if query else "")
