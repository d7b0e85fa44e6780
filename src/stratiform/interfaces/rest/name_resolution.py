"""Resources that operators refer to by name or id: projects, users, images, flavors and volume types."""

import re
from collections.abc import Iterable, Mapping, Sequence

from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, NotFound
from stratiform.kit.pagination import Page
from stratiform.services.clouds.model import UNBOUND_PROJECTS, NativeIdMapping, ResourceType
from stratiform.services.clouds.model.account_quotas import EACH
from stratiform.services.compute.model.flavors import Flavor, FlavorFilter
from stratiform.services.identity.model import ListQuery, Project

#: The form of ids of resources and projects.
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: The form of ids of users: those of a directory are longer.
_USER_ID = re.compile(rf"{_ID.pattern}|[0-9a-f]{{64}}")

#: More flavors than an installation has: a cloud offers up to about a thousand.
_MAX_FLAVORS = 1_000_000

#: Types of resources whose names can be used instead of their ids; servers take precedence.
_METERED_TYPES = ("instance", "volume")


def resolve_project(services: Services, ctx: RequestContext, reference: str, *, external: bool = False) -> str:
    """Return the id of a project. Only operators may use names; other callers get `reference` back unchanged.

    `external`: an id for which Stratiform has no project is accepted (of the usual form, or with usage in the ledger),
    and a name that messages of a cloud have. Raises NotFound, Conflict.
    """
    if not ctx.caller.is_admin:
        return reference
    projects = [(project.id, project.name) for project in _find_projects(services, ctx, reference)]
    if (
        external
        and not projects
        and (_ID.fullmatch(reference) or services.ledger.project_usages.exists(ctx.db, reference))
    ):
        return reference
    if external:  # both installations can have a project `admin`
        local_ids = {project_id for project_id, _ in projects}
        ids = services.ledger.name_timelines.list_projects_named(ctx.db, reference)
        projects += [(project_id, reference) for project_id in ids if project_id not in local_ids]
    return _select("project", reference, projects)


def resolve_bound_project(services: Services, ctx: RequestContext, reference: str) -> str:
    """Return the id of a project, or `UNBOUND_PROJECTS`. Raises NotFound, Conflict."""
    return reference if reference == UNBOUND_PROJECTS else resolve_project(services, ctx, reference)


def resolve_former_project(services: Services, ctx: RequestContext, reference: str) -> str:
    """Return the id of a project, or `UNBOUND_PROJECTS`; `reference` if there is none, as the id of a deleted project.

    Raises: Conflict.
    """
    try:
        return resolve_bound_project(services, ctx, reference)
    except NotFound:
        return reference


def resolve_user(services: Services, ctx: RequestContext, reference: str) -> str:
    """Return the id of a user, or `EACH`. Users of another Keystone have no rows: their ids are accepted.

    Raises: NotFound, Conflict.
    """
    if reference == EACH:
        return reference
    users = [
        (user.id, user.name)
        for column in ("id", "name")
        for user in services.identity.users.list(ctx, ListQuery(filters={column: reference})).items
    ]
    if not users and services.identity.keystone is not None and _USER_ID.fullmatch(reference):
        return reference
    return _select("user", reference, users)


def resolve_former_user(services: Services, ctx: RequestContext, reference: str) -> str:
    """Return the id of a user, or `EACH`; else `reference`, as the id of a deleted user. Raises: Conflict."""
    try:
        return resolve_user(services, ctx, reference)
    except NotFound:
        return reference


def list_project_names(services: Services, ctx: RequestContext, project_ids: Iterable[str]) -> Mapping[str, str]:
    """Return the present names of projects, by id; unknown ones are missing."""
    return services.ledger.name_timelines.list_project_names(ctx.db, {*project_ids}, ctx.now)


def resolve_metered_server(services: Services, ctx: RequestContext, reference: str) -> str:
    """Return the id of a server, also of one that only the ledger has; other references are returned unchanged.

    Raises: Conflict.
    """
    try:
        return services.compute.servers.get_by_name_or_id(ctx, reference).id
    except NotFound:
        return reference if _ID.fullmatch(reference) else _resolve_metered(services, ctx, reference)


def _resolve_metered(services: Services, ctx: RequestContext, name: str) -> str:
    """Return the id of the only resource with a name in the ledger; the name if there is none."""
    resources = services.ledger.resources
    ids: list[str] = []
    for resource_type in _METERED_TYPES:
        ids = ids or sorted({each.resource_id for each in resources.list_named(ctx, name, resource_type)})
    if len(ids) > 1:
        raise Conflict(f"{len(ids)} resources are named '{name}'", hint=f"use one of the IDs: {', '.join(ids)}")
    return ids[0] if ids else name


def resolve_image(services: Services, ctx: RequestContext, reference: str) -> str:
    """Return the id of an image. Raises NotFound, Conflict."""
    images = services.image.images.list_by_name(ctx, reference)
    if not images:
        return services.image.images.get(ctx, reference).id
    return _select("image", reference, ((image.id, image.name) for image in images))


def resolve_flavor(services: Services, ctx: RequestContext, reference: str) -> str:
    """Return the id of a flavor. Raises NotFound, Conflict."""
    return _select("flavor", reference, ((flavor.id, flavor.name) for flavor in list_all_flavors(services, ctx)))


def list_all_flavors(services: Services, ctx: RequestContext) -> Sequence[Flavor]:
    """Return every flavor that the caller has access to; for operators, all of them."""
    return services.compute.flavors.list(ctx, FlavorFilter(is_public=None), Page(limit=_MAX_FLAVORS)).items


def resolve_volume_type(services: Services, ctx: RequestContext, reference: str) -> str:
    """Return the id of a volume type. Raises NotFound, Conflict."""
    volume_types = services.volume.volume_types.list(ctx, None)
    return _select("volume type", reference, ((volume_type.id, volume_type.name) for volume_type in volume_types))


def find_native_name(services: Services, ctx: RequestContext, native: NativeIdMapping) -> str:
    """Return the name of the image, flavor or volume type that has a native ID; "" if it has been deleted."""
    if native.resource_type == ResourceType.VOLUME_TYPE:
        return services.volume.volume_types.list_names(ctx, [native.resource_id]).get(native.resource_id, "")
    try:
        if native.resource_type == ResourceType.FLAVOR:
            return services.compute.flavors.get(ctx, native.resource_id).name
        return services.image.images.get(ctx, native.resource_id).name or ""
    except NotFound:
        return ""


def _find_projects(services: Services, ctx: RequestContext, reference: str) -> Sequence[Project]:
    projects = services.identity.projects
    return [
        *projects.list(ctx, ListQuery(filters={"id": reference})).items,
        *projects.list(ctx, ListQuery(filters={"name": reference})).items,
    ]


def _select(resource: str, reference: str, candidates: Iterable[tuple[str, str | None]]) -> str:
    """Return the id equal to `reference`, else the id of the only resource with that name.

    Raises: NotFound, Conflict.
    """
    ids = []
    for resource_id, name in candidates:
        if resource_id == reference:
            return resource_id
        if name == reference:
            ids.append(resource_id)
    if not ids:
        raise NotFound(f"{resource} '{reference}' not found")
    if len(ids) > 1:
        raise Conflict(f"{len(ids)} {resource}s are named '{reference}'", hint=f"use one of the IDs: {', '.join(ids)}")
    return ids[0]
