"""`/types`, their extra specs, and who may use a private one."""

from typing import Any

from litestar import Response

from stratiform.interfaces.openstack.volume import schemas, views
from stratiform.interfaces.openstack.volume.routes.calls import delete, get, post, put, reading, shown, writing
from stratiform.interfaces.services import Request, decode, services_of
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.pagination import Page, paginate

_ONE = "/types/{type_id:str}"
_SPECS = _ONE + "/extra_specs"


@get("/types")
def list_types(request: Request) -> dict[str, Any]:
    query = request.query_params
    page = Page.parse(query.get("limit"), query.get("marker"))
    with reading(request) as ctx:
        found = services_of(request).volume.types(ctx, _public(query.get("is_public")))
        part = paginate(found, page, lambda kind: kind.id)
        how = shown(request, ctx)
        body: dict[str, Any] = {"volume_types": [views.volume_type(kind, how) for kind in part.items]}
        if part.more and part.items:
            body["volume_type_links"] = views.next_link(how, "types", dict(query.items()), part.items[-1].id)
    return body


def _public(text: str | None) -> bool | None:
    """Public ones unless said otherwise; `None`, in words, is both."""
    if text is None:
        return True
    return None if text.lower() == "none" else schemas.truth(text, "is_public")


@post("/types", status_code=200)
def create_type(request: Request, body: bytes) -> dict[str, Any]:
    asked = decode(body, schemas.TypeCreateBody).volume_type
    is_public = True if asked.is_public is None else schemas.truth(asked.is_public, "is_public")
    with writing(request) as ctx:
        kind = services_of(request).volume.create_type(
            ctx, asked.name, description=asked.description, is_public=is_public, extra_specs=asked.extra_specs
        )
        return {"volume_type": views.volume_type(kind, shown(request, ctx))}


@get("/types/default")
def show_default_type(request: Request) -> dict[str, Any]:
    with reading(request) as ctx:
        kind = services_of(request).volume.default_type(ctx)
        return {"volume_type": views.volume_type(kind, shown(request, ctx))}


@get(_ONE)
def show_type(request: Request, type_id: str) -> dict[str, Any]:
    with reading(request) as ctx:
        kind = services_of(request).volume.type(ctx, type_id)
        return {"volume_type": views.volume_type(kind, shown(request, ctx))}


@put(_ONE)
def update_type(request: Request, type_id: str, body: bytes) -> dict[str, Any]:
    asked = decode(body, schemas.TypeUpdateBody).volume_type
    is_public = None if asked.is_public is None else schemas.truth(asked.is_public, "is_public")
    with writing(request) as ctx:
        kind = services_of(request).volume.update_type(
            ctx, type_id, name=asked.name, description=asked.description, is_public=is_public
        )
        return {"volume_type": views.volume_type(kind, shown(request, ctx))}


@delete(_ONE, status_code=202)
def delete_type(request: Request, type_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).volume.delete_type(ctx, type_id)


@get(_SPECS)
def list_extra_specs(request: Request, type_id: str) -> dict[str, Any]:
    with reading(request) as ctx:
        return {"extra_specs": services_of(request).volume.extra_specs(ctx, type_id)}


@post(_SPECS, status_code=200)
def set_extra_specs(request: Request, type_id: str, body: bytes) -> dict[str, Any]:
    given = decode(body, schemas.ExtraSpecsBody).extra_specs
    with writing(request) as ctx:
        services_of(request).volume.set_extra_specs(ctx, type_id, given)
    return {"extra_specs": given}


@get(_SPECS + "/{key:str}")
def show_extra_spec(request: Request, type_id: str, key: str) -> dict[str, Any]:
    with reading(request) as ctx:
        return {key: services_of(request).volume.extra_spec(ctx, type_id, key)}


@put(_SPECS + "/{key:str}")
def set_extra_spec(request: Request, type_id: str, key: str, body: bytes) -> dict[str, Any]:
    given = decode(body, dict[str, str])
    if len(given) != 1 or key not in given:
        raise Invalid("Request body and URI mismatch")
    with writing(request) as ctx:
        services_of(request).volume.set_extra_specs(ctx, type_id, given)
    return given


@delete(_SPECS + "/{key:str}", status_code=202)
def delete_extra_spec(request: Request, type_id: str, key: str) -> None:
    with writing(request) as ctx:
        services_of(request).volume.delete_extra_spec(ctx, type_id, key)


@get(_ONE + "/os-volume-type-access")
def list_access(request: Request, type_id: str) -> dict[str, Any]:
    with reading(request) as ctx:
        found = services_of(request).volume.type_access(ctx, type_id)
    given = [{"volume_type_id": access.type_id, "project_id": access.project_id} for access in found]
    return {"volume_type_access": given}


@post(_ONE + "/action")
def act_on_type(request: Request, type_id: str, body: bytes) -> Response[Any]:
    asked = decode(body, dict[str, Any])
    name = next(iter(asked), "")
    if len(asked) != 1 or name not in ("addProjectAccess", "removeProjectAccess"):
        raise Invalid(f"There is no such action: {name}")
    project_id = schemas.convert(asked[name], schemas.Access).project
    with writing(request) as ctx:
        service = services_of(request).volume
        change = service.give_type if name == "addProjectAccess" else service.take_type
        change(ctx, type_id, project_id)
    return Response(None, status_code=202)


@get(_ONE + "/encryption")
def show_encryption(request: Request, type_id: str) -> dict[str, Any]:
    with reading(request) as ctx:
        services_of(request).volume.type(ctx, type_id)
    return {}


@delete(_ONE + "/encryption/{encryption_id:str}", status_code=202)
def delete_encryption(request: Request, type_id: str, encryption_id: str) -> None:  # noqa: ARG001  (handed over by name)
    with reading(request) as ctx:
        services_of(request).volume.type(ctx, type_id)
        raise NotFound(f"Volume type encryption for type {type_id} does not exist.")


handlers: list[Any] = [
    *list_types,
    *create_type,
    *show_default_type,
    *show_type,
    *update_type,
    *delete_type,
    *list_extra_specs,
    *set_extra_specs,
    *show_extra_spec,
    *set_extra_spec,
    *delete_extra_spec,
    *list_access,
    *act_on_type,
    *show_encryption,
    *delete_encryption,
]
