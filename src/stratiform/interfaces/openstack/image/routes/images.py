"""`/images`, their tags and actions."""

from typing import Any
from urllib.parse import parse_qsl

from litestar import Response

from stratiform.interfaces.openstack.image import views
from stratiform.interfaces.openstack.image.schemas import changes
from stratiform.interfaces.services import Request, decode, delete, get, patch, post, put, reading, services_of, writing
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page
from stratiform.services.image.model import ImageQuery

Body = dict[str, Any]

_NO_FILTERS = ("limit", "marker", "sort", "sort_key", "sort_dir")


@get("/images")
def list_images(request: Request) -> Body:
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    listing = _listing(pairs)
    with reading(request) as ctx:
        found = services_of(request).image.images.list(ctx, listing)
    return views.images(found, pairs)


@post("/images")
def create_image(request: Request, body: bytes) -> Response[Body]:
    values = decode(body, dict[str, Any])
    with writing(request) as ctx:
        made = services_of(request).image.images.create(ctx, values)
    location = f"{services_of(request).url}/image/v2/images/{made.id}"
    return Response(views.image(made), status_code=201, headers={"Location": location})


@get("/images/{image_id:str}")
def show_image(request: Request, image_id: str) -> Body:
    with reading(request) as ctx:
        return views.image(services_of(request).image.images.get(ctx, image_id))


@patch("/images/{image_id:str}")
def update_image(request: Request, image_id: str, body: bytes) -> Body:
    steps = changes(body, request.headers.get("content-type", ""))
    with writing(request) as ctx:
        return views.image(services_of(request).image.images.update(ctx, image_id, steps))


@delete("/images/{image_id:str}")
def delete_image(request: Request, image_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).image.images.delete(ctx, image_id)


@put("/images/{image_id:str}/tags/{tag:str}", status_code=204)
def add_tag(request: Request, image_id: str, tag: str) -> None:
    with writing(request) as ctx:
        services_of(request).image.image_tags.create(ctx, image_id, tag)


@delete("/images/{image_id:str}/tags/{tag:str}")
def remove_tag(request: Request, image_id: str, tag: str) -> None:
    with writing(request) as ctx:
        services_of(request).image.image_tags.delete(ctx, image_id, tag)


@post("/images/{image_id:str}/actions/deactivate", status_code=204)
def deactivate(request: Request, image_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).image.images.deactivate(ctx, image_id)


@post("/images/{image_id:str}/actions/reactivate", status_code=204)
def reactivate(request: Request, image_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).image.images.reactivate(ctx, image_id)


def _listing(pairs: list[tuple[str, str]]) -> ImageQuery:
    filters: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in _NO_FILTERS:
            filters.setdefault(name, []).append(value)
    single = dict(pairs)
    return ImageQuery(filters, _sort(pairs), Page.parse(single.get("limit"), single.get("marker")))


def _sort(pairs: list[tuple[str, str]]) -> list[tuple[str, bool]]:
    """`sort=name:asc,size` or `sort_key=…&sort_dir=…`; downwards, where nothing is said. Raises Invalid."""
    found = []
    whole = [value for name, value in pairs if name == "sort"]
    keys = [value for name, value in pairs if name == "sort_key"]
    directions = [value for name, value in pairs if name == "sort_dir"]
    if whole and (keys or directions):
        raise Invalid("Old and new sorting syntax cannot be combined")
    if len(directions) > 1 and len(directions) != len(keys):
        raise Invalid("Number of sort dirs does not match the number of sort keys")
    for part in ",".join(whole).split(",") if whole else ():
        key, _, direction = part.partition(":")
        found.append((key.strip(), direction.strip() or "desc"))
    for i, key in enumerate(keys):
        found.append((key, directions[i] if i < len(directions) else (directions or ["desc"])[0]))
    if not {direction for _, direction in found} <= {"asc", "desc"}:
        raise Invalid("Invalid sort direction: it must be asc or desc.")
    return [(key, direction == "desc") for key, direction in found]


handlers: list[Any] = [
    list_images,
    create_image,
    show_image,
    update_image,
    delete_image,
    add_tag,
    remove_tag,
    deactivate,
    reactivate,
]
