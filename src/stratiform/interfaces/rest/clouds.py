"""`/api/v1/clouds` and `/api/v1/bindings`: accounts of clouds, which project they serve, and native names.

A cloud is asked with no transaction open, and before anything is written: what it rejects is not stored.
Wherever a cloud, project, image, flavor or volume type is named, its id will do as well.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from stratiform.interfaces.rest.naming import chosen
from stratiform.interfaces.services import (
    Request,
    Services,
    decode,
    delete,
    get,
    post,
    put,
    reading,
    services_of,
    writing,
)
from stratiform.kit.clock import iso
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.pagination import Page, paginate
from stratiform.services.clouds.errors import CloudConflict
from stratiform.services.clouds.model import Binding, Cloud, NativeResource, ResourceType
from stratiform.services.compute.model.flavors import FlavorFilter
from stratiform.services.identity.model import ListQuery

Body = dict[str, Any]


class NewCloud(msgspec.Struct, forbid_unknown_fields=True):
    """A cloud to be added; `settings` hold the secrets too."""

    kind: str
    name: str
    settings: dict[str, str] = {}


class CloudChanges(msgspec.Struct, forbid_unknown_fields=True):
    """Settings to change; "" takes one back to its default."""

    settings: dict[str, str]


class NewBinding(msgspec.Struct, forbid_unknown_fields=True):
    """`zone` is the availability zone that customers see ("": the cloud's name), `native_zone` the cloud's own."""

    project: str
    cloud: str
    zone: str = ""
    native_zone: str = ""


class NewImage(msgspec.Struct, forbid_unknown_fields=True):
    """An image of ours that is the cloud's own `native`: one that exists, or a new public one called `name`."""

    native: str
    image: str = ""
    name: str = ""


class NewFlavor(msgspec.Struct, forbid_unknown_fields=True):
    """A flavor of ours whose machines are the cloud's own type `native`."""

    flavor: str
    native: str


class NewVolumeType(msgspec.Struct, forbid_unknown_fields=True):
    """A volume type of ours whose volumes are the cloud's own kind of disk `native`."""

    volume_type: str
    native: str


@get("/cloud-kinds")
def list_kinds(request: Request) -> Body:
    """Every kind of cloud that can be added, what it must be told, and what it can do."""
    with reading(request) as ctx:
        kinds = services_of(request).clouds.accounts.list_kinds(ctx)
    return {"kinds": [msgspec.to_builtins(kind) for kind in kinds]}


@get("/clouds")
def list_clouds(request: Request, limit: str | None = None, marker: str | None = None) -> Body:
    """Clouds by name; `next` is the marker of the page that follows."""
    with reading(request) as ctx:
        every = services_of(request).clouds.accounts.list(ctx)
    page = paginate(every, Page.parse(limit, marker), lambda cloud: cloud.name)
    return {"clouds": [_cloud(cloud) for cloud in page.items], "next": page.items[-1].name if page.more else None}


@post("/clouds", status_code=201, takes=NewCloud)
def add_cloud(request: Request, body: bytes) -> Body:
    """Check an account, then remember it; its secrets are kept encrypted and never shown."""
    clouds, new = services_of(request).clouds, decode(body, NewCloud)
    with reading(request) as ctx:
        taken = any(cloud.name == new.name for cloud in clouds.accounts.list(ctx))
    if taken:
        raise CloudConflict(new.name)
    finding = clouds.accounts.check_new(ctx, new.kind, new.name, new.settings)
    with writing(request) as ctx:
        cloud = clouds.accounts.create(ctx, new.kind, new.name, new.settings)
    return {**_cloud(cloud), **msgspec.to_builtins(finding)}


@get("/clouds/{name:str}")
def show_cloud(request: Request, name: str) -> Body:
    """One cloud, the projects it serves, and what is registered in it."""
    clouds = services_of(request).clouds
    with reading(request) as ctx:
        cloud = clouds.accounts.get(ctx, name)
        bound = clouds.bindings.list(ctx, cloud_id=cloud.id)
        natives = clouds.native_resources.list(ctx, cloud.id)
    return {
        **_cloud(cloud),
        "bindings": [_binding(binding) for binding in bound],
        "natives": [_native(native) for native in natives],
    }


@put("/clouds/{name:str}", takes=CloudChanges)
def change_cloud(request: Request, name: str, body: bytes) -> Body:
    """Check an account as it would be with changed settings, then remember it so."""
    clouds, changes = services_of(request).clouds, decode(body, CloudChanges)
    with reading(request) as ctx:
        cloud = clouds.accounts.get(ctx, name)
    finding = clouds.accounts.check_update(ctx, cloud, changes.settings)
    with writing(request) as ctx:
        changed = clouds.accounts.update(ctx, cloud.id, changes.settings)
    return {**_cloud(changed), **msgspec.to_builtins(finding)}


@delete("/clouds/{name:str}")
def remove_cloud(request: Request, name: str) -> None:
    """Forget an account that serves no project; nothing in the cloud is touched."""
    clouds = services_of(request).clouds
    with writing(request) as ctx:
        clouds.accounts.delete(ctx, clouds.accounts.get(ctx, name).id)


@post("/clouds/{name:str}/check", status_code=200)
def check_cloud(request: Request, name: str) -> Body:
    """Ask the cloud who we are there, and its zones."""
    clouds = services_of(request).clouds
    with reading(request) as ctx:
        cloud = clouds.accounts.get(ctx, name)
    return dict(msgspec.to_builtins(clouds.connections.check(ctx, cloud)))


@get("/bindings")
def list_bindings(request: Request, project: str | None = None, cloud: str | None = None) -> Body:
    """Which project is served by which cloud: of one project, of one cloud, or all; without both, and for
    whoever is no operator, those of the token's project."""
    services = services_of(request)
    with reading(request) as ctx:
        bound = _bindings(services, ctx, project, cloud)
    return {"bindings": [_binding(binding) for binding in bound]}


@post("/bindings", status_code=201, takes=NewBinding)
def bind(request: Request, body: bytes) -> Body:
    """Let a cloud serve a project, after a look whether the cloud has the zone."""
    services, new = services_of(request), decode(body, NewBinding)
    with reading(request) as ctx:
        cloud = services.clouds.accounts.get(ctx, new.cloud)
        project_id = _project_id(services, ctx, new.project)
    if new.native_zone:
        services.clouds.bindings.check_native_zone(ctx, cloud.id, new.native_zone)
    with writing(request) as ctx:
        return _binding(services.clouds.bindings.create(ctx, project_id, cloud.id, new.zone, new.native_zone))


@delete("/bindings")
def unbind(request: Request, project: str, cloud: str, zone: str | None = None) -> None:
    """Nothing new of the project goes to the cloud; what is there stays. Without `zone`: to none of its zones."""
    services = services_of(request)
    with writing(request) as ctx:
        cloud_id = services.clouds.accounts.get(ctx, cloud).id
        services.clouds.bindings.delete(ctx, _project_id(services, ctx, project), cloud_id, zone)


@post("/clouds/{name:str}/images", status_code=201, takes=NewImage)
def register_image(request: Request, name: str, body: bytes) -> Body:
    """Our image is the cloud's own, which must be there."""
    services, new = services_of(request), decode(body, NewImage)
    if bool(new.image) == bool(new.name):
        raise Invalid("either image (id or name of one that exists) or name (of a new public one) must be given")
    with reading(request) as ctx:
        cloud = services.clouds.accounts.get(ctx, name)
        image_id = _image_id(services, ctx, new.image) if new.image else ""
    native_id = services.clouds.native_resources.resolve(ctx, cloud.id, ResourceType.IMAGE, new.native)
    with writing(request) as ctx:
        image_id = image_id or services.image.images.create_native(ctx, new.name).id
        return _native(
            services.clouds.native_resources.register(ctx, cloud.id, ResourceType.IMAGE, image_id, native_id)
        )


@post("/clouds/{name:str}/flavors", status_code=201, takes=NewFlavor)
def register_flavor(request: Request, name: str, body: bytes) -> Body:
    """Machines of our flavor are the cloud's own type."""
    services, new = services_of(request), decode(body, NewFlavor)
    with writing(request) as ctx:
        cloud = services.clouds.accounts.get(ctx, name)
        flavor_id = _flavor_id(services, ctx, new.flavor)
        return _native(
            services.clouds.native_resources.register(ctx, cloud.id, ResourceType.FLAVOR, flavor_id, new.native)
        )


@post("/clouds/{name:str}/volume-types", status_code=201, takes=NewVolumeType)
def register_volume_type(request: Request, name: str, body: bytes) -> Body:
    """Volumes of our type are the cloud's own kind of disk."""
    services, new = services_of(request), decode(body, NewVolumeType)
    with writing(request) as ctx:
        cloud = services.clouds.accounts.get(ctx, name)
        type_id = _volume_type_id(services, ctx, new.volume_type)
        return _native(
            services.clouds.native_resources.register(ctx, cloud.id, ResourceType.VOLUME_TYPE, type_id, new.native)
        )


@delete("/clouds/{name:str}/natives/{kind:str}/{ours:str}")
def unregister(request: Request, name: str, kind: str, ours: str) -> None:
    """Forget that ours, by its id, is the cloud's own. `kind` is image, flavor or volume_type."""
    clouds = services_of(request).clouds
    if kind not in {known.value for known in ResourceType}:
        raise NotFound(f"nothing is registered as {kind}")
    with writing(request) as ctx:
        clouds.native_resources.unregister(ctx, clouds.accounts.get(ctx, name).id, ResourceType(kind), ours)


def _bindings(services: Services, ctx: RequestContext, project: str | None, cloud: str | None) -> Sequence[Binding]:
    cloud_id = services.clouds.accounts.get(ctx, cloud).id if cloud is not None else None
    project_id = _project_id(services, ctx, project) if project else None
    if project_id is None and cloud_id is None and not ctx.caller.is_admin:
        project_id = ctx.caller.project()
    return services.clouds.bindings.list(ctx, project_id=project_id, cloud_id=cloud_id)


def _project_id(services: Services, ctx: RequestContext, given: str) -> str:
    """Only the operator can name a project that isn't theirs; others learn nothing of it."""
    if not ctx.caller.is_admin:
        return given
    found = [
        *services.identity.projects.list(ctx, ListQuery(filters={"id": given})).items,
        *services.identity.projects.list(ctx, ListQuery(filters={"name": given})).items,
    ]
    return chosen("project", given, ((project.id, project.name, project.id) for project in found))


def _image_id(services: Services, ctx: RequestContext, given: str) -> str:
    named = services.image.images.list_by_name(ctx, given)
    if not named:
        return services.image.images.get(ctx, given).id
    return chosen("image", given, ((image.id, image.name, image.id) for image in named))


def _flavor_id(services: Services, ctx: RequestContext, given: str) -> str:
    every = services.compute.flavors.list(ctx, FlavorFilter(is_public=None), Page()).items
    return chosen("flavor", given, ((flavor.id, flavor.name, flavor.id) for flavor in every))


def _volume_type_id(services: Services, ctx: RequestContext, given: str) -> str:
    every = services.volume.volume_types.list(ctx, None)
    return chosen("volume type", given, ((kind.id, kind.name, kind.id) for kind in every))


def _cloud(cloud: Cloud) -> Body:
    return {
        "id": cloud.id,
        "name": cloud.name,
        "kind": cloud.kind,
        "settings": cloud.settings,
        "created_at": iso(cloud.created_at),
        "updated_at": iso(cloud.updated_at),
    }


def _binding(binding: Binding) -> Body:
    return {
        "project_id": binding.project_id,
        "cloud": binding.cloud_name,
        "cloud_id": binding.cloud_id,
        "zone": binding.zone,
        "native_zone": binding.native_zone,
        "created_at": iso(binding.created_at),
    }


def _native(native: NativeResource) -> Body:
    return {
        "cloud_id": native.cloud_id,
        "kind": native.resource_type,
        "ours": native.resource_id,
        "native": native.native_id,
    }


handlers: list[Any] = [
    list_kinds,
    list_clouds,
    add_cloud,
    show_cloud,
    change_cloud,
    remove_cloud,
    check_cloud,
    list_bindings,
    bind,
    unbind,
    register_image,
    register_flavor,
    register_volume_type,
    unregister,
]
