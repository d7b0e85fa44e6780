"""Flavors of network services. A router with a flavor needs an enabled service profile with the driver of our provider.

Source: neutron/db/flavors_db.py, neutron/services/l3_router/service_providers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import IntegrityError
from stratiform.services.network import policy
from stratiform.services.network.errors.flavors import (
    FlavorServiceProfileBindingExists,
    FlavorServiceProfileBindingNotFound,
    InvalidFlavorServiceType,
    NetworkFlavorInUse,
    ServiceProfileDisabled,
    ServiceProfileDriverNotFound,
    ServiceProfileEmpty,
    ServiceProfileInUse,
)
from stratiform.services.network.model import Attributes
from stratiform.services.network.model.declared_types.flavors import (
    DRIVER,
    NETWORK_FLAVOR,
    ROUTER_SERVICE,
    SERVICE_PROFILE,
    SERVICE_TYPES,
)
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository import flavors as repository
from stratiform.services.network.repository.resource_rows import gateways
from stratiform.services.network.service.resource_collection import ResourceCollection, ResourceDependencies


@dataclass(frozen=True, slots=True)
class Flavors:
    """Flavors and their service profiles. They belong to no project."""

    dependencies: ResourceDependencies

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(
            NETWORK_FLAVOR,
            resolve_owner=_no_owner,
            prepare=_prepare_flavor,
            after_create=lambda ctx, flavor: self._replace_profiles(ctx, flavor.id, flavor["service_profiles"]),
            check_update=self._check_flavor_update,
            before_delete=_require_no_routers,
            compute=_compute_profiles,
        )

    @property
    def profiles(self) -> ResourceCollection:
        return self.dependencies.build(
            SERVICE_PROFILE,
            resolve_owner=_no_owner,
            prepare=_prepare_profile,
            check_update=_check_profile_update,
            before_delete=_require_no_flavors,
        )

    def associate(self, ctx: RequestContext, flavor_id: str, profile_id: str) -> None:
        """Raises: NetworkFlavorNotFound, ServiceProfileNotFound, FlavorServiceProfileBindingExists."""
        policy.FLAVORS_ASSOCIATE.require(ctx.caller, None)
        flavor, profile = self.collection.get(ctx, flavor_id), self.profiles.get(ctx, profile_id)
        try:
            with ctx.db.begin_nested():
                repository.add_profile(ctx.db, flavor.id, profile.id)
        except IntegrityError as error:
            raise FlavorServiceProfileBindingExists(profile_id, flavor_id) from error

    def disassociate(self, ctx: RequestContext, flavor_id: str, profile_id: str) -> None:
        """Raises: NetworkFlavorNotFound, FlavorServiceProfileBindingNotFound."""
        policy.FLAVORS_DISASSOCIATE.require(ctx.caller, None)
        flavor = self.collection.get(ctx, flavor_id)
        if not repository.remove_profile(ctx.db, flavor.id, profile_id):
            raise FlavorServiceProfileBindingNotFound(profile_id, flavor_id)

    def require_provider(self, ctx: RequestContext, flavor_id: str) -> None:
        """Check the flavor of a new router, which cannot be deleted meanwhile.

        Raises: InvalidFlavorServiceType, and as `get_driver`.
        """
        repository.lock_flavor(ctx.db, flavor_id)
        flavor = self.collection.get(ctx, flavor_id)
        if flavor["service_type"] != ROUTER_SERVICE:
            raise InvalidFlavorServiceType(flavor["service_type"])
        self.get_driver(ctx, flavor_id)

    def get_driver(self, ctx: RequestContext, flavor_id: str) -> str:
        """Return the driver of the first profile of a flavor.

        Raises: NetworkFlavorNotFound, FlavorServiceProfileBindingNotFound, ServiceProfileDisabled,
        ServiceProfileDriverNotFound.
        """
        flavor = self.collection.get(ctx, flavor_id)
        profile_ids = repository.list_profiles(ctx.db, [flavor.id])[flavor.id]
        profile = gateways[SERVICE_PROFILE.name].find(ctx.db, profile_ids[0]) if profile_ids else None
        if profile is None:
            raise FlavorServiceProfileBindingNotFound("", flavor_id)
        if not profile["enabled"]:
            raise ServiceProfileDisabled
        _require_driver(profile["driver"])
        return str(profile["driver"])

    def _check_flavor_update(self, ctx: RequestContext, flavor: Resource, changes: Attributes) -> Attributes:
        changes = dict(changes)
        profile_ids = changes.pop("service_profiles", None)
        if profile_ids is not None:
            self._replace_profiles(ctx, flavor.id, profile_ids)
        return changes

    def _replace_profiles(self, ctx: RequestContext, flavor_id: str, profile_ids: Sequence[str]) -> None:
        current = repository.list_profiles(ctx.db, [flavor_id])[flavor_id]
        for profile_id in sorted(set(current) - set(profile_ids)):
            repository.remove_profile(ctx.db, flavor_id, profile_id)
        for profile_id in sorted(set(profile_ids) - set(current)):
            repository.add_profile(ctx.db, flavor_id, self.profiles.get(ctx, profile_id).id)


def _no_owner(_ctx: RequestContext, _values: Attributes, _project_id: str | None) -> str:
    return ""


def _prepare_flavor(_ctx: RequestContext, flavor: Resource) -> Resource:
    if flavor["service_type"] not in SERVICE_TYPES:
        raise InvalidFlavorServiceType(flavor["service_type"])
    return flavor


def _compute_profiles(ctx: RequestContext, flavors: Sequence[Resource]) -> Mapping[str, Attributes]:
    profiles = repository.list_profiles(ctx.db, [flavor.id for flavor in flavors])
    return {flavor_id: {"service_profiles": profile_ids} for flavor_id, profile_ids in profiles.items()}


def _require_no_routers(ctx: RequestContext, flavor: Resource) -> None:
    if repository.has_routers(ctx.db, flavor.id):
        raise NetworkFlavorInUse(flavor.id)


def _prepare_profile(_ctx: RequestContext, profile: Resource) -> Resource:
    if profile["driver"]:
        _require_driver(profile["driver"])
    elif not profile["metainfo"]:
        raise ServiceProfileEmpty
    return profile


def _check_profile_update(ctx: RequestContext, profile: Resource, changes: Attributes) -> Attributes:
    if changes.get("driver"):
        _require_driver(changes["driver"])
    _require_no_flavors(ctx, profile)
    return changes


def _require_no_flavors(ctx: RequestContext, profile: Resource) -> None:
    if repository.has_flavors(ctx.db, profile.id):
        raise ServiceProfileInUse(profile.id)


def _require_driver(driver: str) -> None:
    if driver != DRIVER:
        raise ServiceProfileDriverNotFound(driver)
