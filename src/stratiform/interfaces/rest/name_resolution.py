"""Resources that operators refer to by name or id: projects, images, flavors and volume types."""

import re
from collections.abc import Iterable, Sequence

from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, NotFound
from stratiform.kit.pagination import Page
from stratiform.services.compute.model.flavors import FlavorFilter
from stratiform.services.identity.model import ListQuery, Project

#: The id of a project that only the notifications of another cloud refer to.
_PROJECT_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def resolve_project(services: Services, ctx: RequestContext, reference: str, *, external: bool = False) -> str:
    """Return the id of a project. Only operators may use names; other callers get `reference` back unchanged.

    `external`: an id that Stratiform has no project for is accepted. Raises NotFound, Conflict.
    """
    if not ctx.caller.is_admin:
        return reference
    projects = _find_projects(services, ctx, reference)
    if external and not projects and _PROJECT_ID.fullmatch(reference):
        return reference
    return _select("project", reference, ((project.id, project.name) for project in projects))


def resolve_image(services: Services, ctx: RequestContext, reference: str) -> str:
    """Return the id of an image. Raises NotFound, Conflict."""
    images = services.image.images.list_by_name(ctx, reference)
    if not images:
        return services.image.images.get(ctx, reference).id
    return _select("image", reference, ((image.id, image.name) for image in images))


def resolve_flavor(services: Services, ctx: RequestContext, reference: str) -> str:
    """Return the id of a flavor. Raises NotFound, Conflict."""
    flavors = services.compute.flavors.list(ctx, FlavorFilter(is_public=None), Page()).items
    return _select("flavor", reference, ((flavor.id, flavor.name) for flavor in flavors))


def resolve_volume_type(services: Services, ctx: RequestContext, reference: str) -> str:
    """Return the id of a volume type. Raises NotFound, Conflict."""
    volume_types = services.volume.volume_types.list(ctx, None)
    return _select("volume type", reference, ((volume_type.id, volume_type.name) for volume_type in volume_types))


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
        raise Conflict(f"{len(ids)} {resource}s are named '{reference}'", hint="use the ID")
    return ids[0]
