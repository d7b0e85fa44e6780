"""Flavors."""

from collections.abc import Sequence

from stratiform.interfaces.endpoints import ViewContext
from stratiform.interfaces.openstack.compute.schemas import flavors as schemas
from stratiform.interfaces.openstack.compute.views.links import resource_links
from stratiform.services.compute.model import Flavor


def flavor_summary(flavor: Flavor, view: ViewContext) -> schemas.FlavorSummary:
    return schemas.FlavorSummary(flavor.id, flavor.name, resource_links(view, "flavors", flavor.id), flavor.description)


def flavor_detail(flavor: Flavor, view: ViewContext) -> schemas.FlavorDetail:
    no_swap: int | str = "" if view.microversion < 75 else 0
    return schemas.FlavorDetail(
        id=flavor.id,
        name=flavor.name,
        ram=flavor.ram,
        disk=flavor.disk,
        vcpus=flavor.vcpus,
        swap=flavor.swap or no_swap,
        ephemeral=flavor.ephemeral,
        is_public=flavor.is_public,
        rxtx_factor=float(flavor.rxtx_factor),
        links=resource_links(view, "flavors", flavor.id),
        description=flavor.description,
        extra_specs=flavor.extra_specs,
    )


def flavor_access(flavor_id: str, project_ids: Sequence[str]) -> schemas.FlavorAccessResponse:
    return schemas.FlavorAccessResponse([schemas.FlavorAccess(flavor_id, project_id) for project_id in project_ids])
