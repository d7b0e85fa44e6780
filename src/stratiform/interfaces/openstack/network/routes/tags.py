"""`/{networks,subnets,ports}/{id}/tags`. Source: Networking API v2.0, "Standard attributes tag extension"."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litestar import Response

from stratiform.interfaces.openstack.network.schemas import TagsBody, read
from stratiform.interfaces.services import Request, delete, get, put, reading, services_of, writing
from stratiform.kit.context import RequestContext
from stratiform.services.network.errors import TagNotFound

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Tagged:
    """How one kind of thing is read and changed."""

    show: Callable[[Request, RequestContext, str], Any]
    change: Callable[[Request, RequestContext, str, Body], Any]

    def tags(self, request: Request, ctx: RequestContext, thing_id: str) -> list[str]:
        found: list[str] = self.show(request, ctx, thing_id).tags
        return found

    def write(self, request: Request, ctx: RequestContext, thing_id: str, tags: list[str]) -> list[str]:
        written: list[str] = self.change(request, ctx, thing_id, {"tags": sorted(set(tags))}).tags
        return written


_KINDS = {
    "networks": _Tagged(
        lambda request, ctx, thing_id: services_of(request).network.networks.get(ctx, thing_id),
        lambda request, ctx, thing_id, values: services_of(request).network.networks.update(ctx, thing_id, values),
    ),
    "subnets": _Tagged(
        lambda request, ctx, thing_id: services_of(request).network.subnets.get(ctx, thing_id),
        lambda request, ctx, thing_id, values: services_of(request).network.subnets.update(ctx, thing_id, values),
    ),
    "ports": _Tagged(
        lambda request, ctx, thing_id: services_of(request).network.ports.get(ctx, thing_id),
        lambda request, ctx, thing_id, values: services_of(request).network.ports.update(ctx, thing_id, values),
    ),
}


def _whole(noun: str, kind: _Tagged) -> list[Any]:
    def list_tags(request: Request, thing_id: str) -> Body:
        with reading(request) as ctx:
            return {"tags": kind.tags(request, ctx, thing_id)}

    def replace_tags(request: Request, thing_id: str, body: bytes) -> Body:
        said = read(body, TagsBody)
        with writing(request) as ctx:
            return {"tags": kind.write(request, ctx, thing_id, said.tags)}

    def remove_tags(request: Request, thing_id: str) -> None:
        with writing(request) as ctx:
            kind.write(request, ctx, thing_id, [])

    path = f"/{noun}/{{thing_id:str}}/tags"
    return [
        get(path, operation_id=f"{noun}Tags")(list_tags),
        put(path, operation_id=f"{noun}ReplaceTags")(replace_tags),
        delete(path, operation_id=f"{noun}RemoveTags")(remove_tags),
    ]


def _single(noun: str, kind: _Tagged) -> list[Any]:
    def show_tag(request: Request, thing_id: str, tag: str) -> Response[None]:
        with reading(request) as ctx:
            if tag not in kind.tags(request, ctx, thing_id):
                raise TagNotFound(tag)
        return Response(None, status_code=204)

    def add_tag(request: Request, thing_id: str, tag: str) -> Response[None]:
        with writing(request) as ctx:
            kind.write(request, ctx, thing_id, [*kind.tags(request, ctx, thing_id), tag])
        return Response(None, status_code=201)

    def remove_tag(request: Request, thing_id: str, tag: str) -> None:
        with writing(request) as ctx:
            tags = kind.tags(request, ctx, thing_id)
            if tag not in tags:
                raise TagNotFound(tag)
            kind.write(request, ctx, thing_id, [one for one in tags if one != tag])

    path = f"/{noun}/{{thing_id:str}}/tags/{{tag:str}}"
    return [
        get(path, operation_id=f"{noun}Tag")(show_tag),
        put(path, operation_id=f"{noun}AddTag")(add_tag),
        delete(path, operation_id=f"{noun}RemoveTag")(remove_tag),
    ]


handlers: list[Any] = [route for noun, kind in _KINDS.items() for route in (*_whole(noun, kind), *_single(noun, kind))]
