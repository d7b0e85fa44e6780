"""`/flavors`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.decoding import parse_bool
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.parsing import parse_name
from stratiform.interfaces.openstack.compute.schemas import flavors as schemas
from stratiform.interfaces.openstack.compute.views import flavors as views
from stratiform.interfaces.openstack.compute.views.links import next_links
from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import parse_uint
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model import FlavorFilter, NewFlavor


@api.get("/flavors", policy.FLAVORS_READ)
def list_flavors(request: ApiRequest, query: schemas.FlavorListQuery) -> schemas.FlavorsResponse:
    flavors = request.services.compute.flavors.list(request.ctx, _filter(query), query.page())
    items = [views.flavor_summary(flavor, request.view) for flavor in flavors.items]
    return schemas.FlavorsResponse(items, next_links(request, [item.id for item in items], more=flavors.more))


@api.get("/flavors/detail", policy.FLAVORS_READ)
def list_flavors_detail(request: ApiRequest, query: schemas.FlavorListQuery) -> schemas.FlavorsDetailResponse:
    flavors = request.services.compute.flavors.list(request.ctx, _filter(query), query.page())
    items = [views.flavor_detail(flavor, request.view) for flavor in flavors.items]
    return schemas.FlavorsDetailResponse(items, next_links(request, [item.id for item in items], more=flavors.more))


@api.get("/flavors/{flavor_id}", policy.FLAVORS_READ)
def show_flavor(request: ApiRequest, flavor_id: str) -> schemas.FlavorResponse:
    flavor = request.services.compute.flavors.get(request.ctx, flavor_id)
    return schemas.FlavorResponse(views.flavor_detail(flavor, request.view))


@api.post("/flavors", policy.FLAVORS_CREATE)
def create_flavor(request: ApiRequest, body: schemas.FlavorCreateRequest) -> schemas.FlavorResponse:
    flavor = request.services.compute.flavors.create(request.ctx, _new_flavor(body.flavor))
    return schemas.FlavorResponse(views.flavor_detail(flavor, request.view))


@api.put("/flavors/{flavor_id}", policy.FLAVORS_UPDATE, since=55)
def update_flavor(request: ApiRequest, flavor_id: str, body: schemas.FlavorUpdateRequest) -> schemas.FlavorResponse:
    flavor = request.services.compute.flavors.update(request.ctx, flavor_id, body.flavor.description)
    return schemas.FlavorResponse(views.flavor_detail(flavor, request.view))


@api.delete("/flavors/{flavor_id}", policy.FLAVORS_DELETE, status=202)
def delete_flavor(request: ApiRequest, flavor_id: str) -> None:
    request.services.compute.flavors.delete(request.ctx, flavor_id)


def _filter(query: schemas.FlavorListQuery) -> FlavorFilter:
    return FlavorFilter(
        is_public=_is_public(query.is_public),
        min_ram=_minimum(query.min_ram, "min_ram"),
        min_disk=_minimum(query.min_disk, "min_disk"),
        sort_key=query.sort_key,
        sort_dir=query.sort_dir,
    )


def _is_public(text: str | None) -> bool | None:
    """Return None for `none`: public and private flavors."""
    if text is None:
        return True
    return None if text.lower() == "none" else parse_bool(text, "is_public", InvalidField)


def _minimum(text: str | None, name: str) -> int:
    if text is None:
        return 0
    number = parse_uint(text)
    if number is None:
        raise Invalid(f"Invalid {name} filter [{text}]")
    return number


def _new_flavor(body: schemas.FlavorCreate) -> NewFlavor:
    return NewFlavor(
        name=parse_name(body.name),
        vcpus=body.vcpus,
        ram=body.ram,
        disk=body.disk,
        id="" if body.id in (None, "auto") else str(body.id),
        ephemeral=body.ephemeral,
        swap=body.swap,
        rxtx_factor=str(body.rxtx_factor),
        is_public=body.is_public,
        description=body.description if isinstance(body.description, str) else None,
    )
