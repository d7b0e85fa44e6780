"""Flavors. Source: Compute API reference, "Flavors", "Flavors access", "Flavors extra-specs"."""

from collections.abc import Sequence
from typing import Any

from litestar import Response

from stratiform.interfaces.openstack.compute import schemas, views
from stratiform.interfaces.openstack.compute.microversions import since
from stratiform.interfaces.openstack.compute.routes.calls import Body, next_links, one, page, shown, truth, whole_number
from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.services import Request, delete, get, post, put, reading, services_of, writing
from stratiform.kit.errors import Invalid
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model import FlavorFilter, NewFlavor


def _listed(request: Request, *, detail: bool) -> Body:
    asked = one(request, "is_public")
    if asked is None:
        is_public: bool | None = True
    else:
        is_public = None if asked.lower() == "none" else truth(asked, "is_public")
    wanted = FlavorFilter(
        is_public=is_public,
        min_ram=whole_number(request, "minRam"),
        min_disk=whole_number(request, "minDisk"),
        sort_key=one(request, "sort_key") or "flavorid",
        sort_dir=one(request, "sort_dir") or "asc",
    )
    with reading(request) as ctx:
        found = services_of(request).compute.flavors.list(ctx, wanted, page(request))
    how = shown(request)
    view = views.flavor if detail else views.flavor_summary
    body: Body = {"flavors": [view(flavor, how) for flavor in found.items]}
    if following := next_links(request, [flavor.id for flavor in found.items], more=found.more):
        body["flavors_links"] = following
    return body


@get("/flavors")
def list_flavors(request: Request) -> Body:
    return _listed(request, detail=False)


@get("/flavors/detail")
def list_flavors_detail(request: Request) -> Body:
    return _listed(request, detail=True)


@get("/flavors/{flavor_id:str}")
def show_flavor(request: Request, flavor_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).compute.flavors.get(ctx, flavor_id)
    return {"flavor": views.flavor(found, shown(request))}


@post("/flavors", status_code=200)
def create_flavor(request: Request, body: bytes) -> Body:
    given = schemas.decode(body, schemas.CreateFlavor).flavor
    schemas.require_version(given, minor(request), {"description": 55})
    new = NewFlavor(
        name=schemas.check_name(given.name.strip()),
        vcpus=given.vcpus,
        ram=given.ram,
        disk=given.disk,
        id="" if given.id in (None, "auto") else str(given.id),
        ephemeral=given.ephemeral,
        swap=_number(given.swap, "swap"),
        rxtx_factor=_factor(given.rxtx_factor),
        is_public=given.is_public,
        description=given.description if isinstance(given.description, str) else None,
    )
    with writing(request) as ctx:
        made = services_of(request).compute.flavors.create(ctx, new)
    return {"flavor": views.flavor(made, shown(request))}


def _number(value: int | str, what: str) -> int:
    try:
        return int(value or 0)
    except ValueError as error:
        raise InvalidField(what, value, f"{value!r} is not a whole number") from error


def _factor(value: float | str) -> str:
    try:
        number = float(value)
    except ValueError as error:
        raise InvalidField("rxtx_factor", value, f"{value!r} is not a number") from error
    if not 0 < number < 3.4e38:
        raise InvalidField("rxtx_factor", value, "It must be greater than 0.")
    return str(number)


@put("/flavors/{flavor_id:str}")
def update_flavor(request: Request, flavor_id: str, body: bytes) -> Body:
    since(request, 55)
    given = schemas.decode(body, schemas.UpdateFlavor).flavor
    with writing(request) as ctx:
        changed = services_of(request).compute.flavors.update(ctx, flavor_id, given.description)
    return {"flavor": views.flavor(changed, shown(request))}


@delete("/flavors/{flavor_id:str}", status_code=202)
def delete_flavor(request: Request, flavor_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).compute.flavors.delete(ctx, flavor_id)


@get("/flavors/{flavor_id:str}/os-extra_specs")
def list_extra_specs(request: Request, flavor_id: str) -> Body:
    with reading(request) as ctx:
        return {"extra_specs": services_of(request).compute.flavor_extra_specs.list(ctx, flavor_id)}


@get("/flavors/{flavor_id:str}/os-extra_specs/{key:str}")
def show_extra_spec(request: Request, flavor_id: str, key: str) -> Body:
    with reading(request) as ctx:
        return {key: services_of(request).compute.flavor_extra_specs.get(ctx, flavor_id, key)}


@post("/flavors/{flavor_id:str}/os-extra_specs", status_code=200)
def create_extra_specs(request: Request, flavor_id: str, body: bytes) -> Body:
    given = schemas.decode(body, schemas.ExtraSpecs).extra_specs
    specs = {key: str(value) for key, value in given.items()}
    with writing(request) as ctx:
        services_of(request).compute.flavor_extra_specs.create(ctx, flavor_id, specs)
    return {"extra_specs": specs}


@put("/flavors/{flavor_id:str}/os-extra_specs/{key:str}")
def update_extra_spec(request: Request, flavor_id: str, key: str, body: bytes) -> Body:
    given = schemas.decode(body, dict[str, str | int | float])
    if list(given) != [key]:
        raise Invalid("Request body and URI mismatch")
    specs = {key: str(given[key])}
    with writing(request) as ctx:
        services_of(request).compute.flavor_extra_specs.update(ctx, flavor_id, key, specs[key])
    return specs


@delete("/flavors/{flavor_id:str}/os-extra_specs/{key:str}", status_code=200)
def delete_extra_spec(request: Request, flavor_id: str, key: str) -> Response[bytes]:
    with writing(request) as ctx:
        services_of(request).compute.flavor_extra_specs.delete(ctx, flavor_id, key)
    return Response(b"", status_code=200)


@get("/flavors/{flavor_id:str}/os-flavor-access")
def list_access(request: Request, flavor_id: str) -> Body:
    with reading(request) as ctx:
        projects = services_of(request).compute.flavor_access.list(ctx, flavor_id)
    return _access(flavor_id, projects)


@post("/flavors/{flavor_id:str}/action", status_code=200)
def change_access(request: Request, flavor_id: str, body: bytes) -> Body:
    given = schemas.decode(body, dict[str, dict[str, str]])
    compute = services_of(request).compute
    verbs = {"addTenantAccess": compute.flavor_access.grant, "removeTenantAccess": compute.flavor_access.revoke}
    if len(given) != 1 or next(iter(given)) not in verbs:
        raise Invalid("There is no such action: " + ", ".join(given))
    name, arguments = next(iter(given.items()))
    with writing(request) as ctx:
        return _access(flavor_id, verbs[name](ctx, flavor_id, arguments.get("tenant", "")))


def _access(flavor_id: str, projects: Sequence[str]) -> Body:
    return {"flavor_access": [{"flavor_id": flavor_id, "tenant_id": project} for project in projects]}


handlers: list[Any] = [
    list_flavors,
    list_flavors_detail,
    show_flavor,
    create_flavor,
    update_flavor,
    delete_flavor,
    list_extra_specs,
    show_extra_spec,
    create_extra_specs,
    update_extra_spec,
    delete_extra_spec,
    list_access,
    change_access,
]
