"""Extra specs of flavors. Source: Compute API reference, "Flavors extra-specs"."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.policy import Rule
from stratiform.services.compute import policy
from stratiform.services.compute.errors import FlavorExtraSpecNotFound, InvalidField
from stratiform.services.compute.repository import flavors as repository
from stratiform.services.compute.service.flavors import get_accessible_flavor, get_flavor


@dataclass(frozen=True, slots=True)
class FlavorExtraSpecs:
    """Operations of `/flavors/{flavor_id}/os-extra_specs`."""

    def list(self, ctx: RequestContext, flavor_id: str) -> Mapping[str, str]:
        """Raises FlavorNotFound."""
        policy.FLAVOR_EXTRA_SPECS_LIST.require(ctx.caller, None)
        return get_accessible_flavor(ctx, flavor_id, ctx.caller.project_id).extra_specs

    def get(self, ctx: RequestContext, flavor_id: str, key: str) -> str:
        """Raises FlavorNotFound, FlavorExtraSpecNotFound."""
        policy.FLAVOR_EXTRA_SPECS_SHOW.require(ctx.caller, None)
        extra_specs = get_accessible_flavor(ctx, flavor_id, ctx.caller.project_id).extra_specs
        if key not in extra_specs:
            raise FlavorExtraSpecNotFound(flavor_id, key)
        return extra_specs[key]

    def create(self, ctx: RequestContext, flavor_id: str, extra_specs: Mapping[str, str]) -> None:
        """Add or change extra specs. Raises FlavorNotFound, InvalidField."""
        self._merge(ctx, policy.FLAVOR_EXTRA_SPECS_CREATE, flavor_id, extra_specs)

    def update(self, ctx: RequestContext, flavor_id: str, key: str, value: str) -> None:
        """Raises FlavorNotFound, InvalidField."""
        self._merge(ctx, policy.FLAVOR_EXTRA_SPECS_UPDATE, flavor_id, {key: value})

    def delete(self, ctx: RequestContext, flavor_id: str, key: str) -> None:
        """Raises FlavorNotFound, FlavorExtraSpecNotFound."""
        policy.FLAVOR_EXTRA_SPECS_DELETE.require(ctx.caller, None)
        flavor = get_flavor(ctx.db, flavor_id)
        if key not in flavor.extra_specs:
            raise FlavorExtraSpecNotFound(flavor_id, key)
        remaining = {name: value for name, value in flavor.extra_specs.items() if name != key}
        repository.save_flavor(ctx.db, replace(flavor, extra_specs=remaining))

    def _merge(self, ctx: RequestContext, rule: Rule, flavor_id: str, extra_specs: Mapping[str, str]) -> None:
        rule.require(ctx.caller, None)
        flavor = get_flavor(ctx.db, flavor_id)
        for key, value in extra_specs.items():
            if not key or len(key) > 255 or len(value) > 255:
                raise InvalidField("extra_specs", {key[:64]: value[:64]}, "At most 255 characters each.")
        repository.save_flavor(ctx.db, replace(flavor, extra_specs={**flavor.extra_specs, **extra_specs}))
