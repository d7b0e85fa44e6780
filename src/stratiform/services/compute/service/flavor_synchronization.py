"""Synchronization of flavors with the sizes that a cloud offers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.contract.server_types import NativeServerType
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict
from stratiform.services.clouds import policy
from stratiform.services.clouds.model import ResourceType
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute.model.flavor_changes import (
    FlavorAction,
    FlavorChange,
    FlavorState,
    list_flavor_changes,
)
from stratiform.services.compute.model.flavors import NewFlavor
from stratiform.services.compute.repository import flavors as repository
from stratiform.services.compute.service.flavors import Flavors


@dataclass(frozen=True, slots=True)
class FlavorSynchronization:
    """Compares flavors with the sizes of a cloud, and changes those that a synchronization has created."""

    clouds: CloudsService
    flavors: Flavors

    def list_changes(
        self, ctx: RequestContext, cloud_id: str, sizes: Sequence[NativeServerType], patterns: Sequence[str] = ()
    ) -> Sequence[FlavorChange]:
        """Return what `apply` would change, and what it would only report."""
        policy.NATIVE_IDS_REGISTER.require(ctx.caller, None)
        return list_flavor_changes(sizes, self._load_state(ctx.db, cloud_id), patterns)

    def apply(
        self,
        ctx: RequestContext,
        cloud_id: str,
        sizes: Sequence[NativeServerType],
        patterns: Sequence[str] = (),
        *,
        delete: bool = False,
    ) -> Sequence[tuple[FlavorChange, bool]]:
        """Create, register and change flavors; with `delete`, also delete those that are not offered any more.

        Returns the changes, and whether each was applied. Servers keep the sizes that they have.
        Raises: Conflict, and changes nothing, if the cloud lists no sizes: the list may be wrong.
        """
        policy.NATIVE_IDS_REGISTER.require(ctx.caller, None)
        if not sizes:
            raise Conflict("The cloud lists no sizes, so no flavor was changed")
        actions = {FlavorAction.CREATE, FlavorAction.REGISTER, FlavorAction.UPDATE}
        actions |= {FlavorAction.DELETE} if delete else set()
        changes = self.list_changes(ctx, cloud_id, sizes, patterns)
        for change in changes:
            if change.action in actions:
                self._apply(ctx, cloud_id, change)
        return [(change, change.action in actions) for change in changes]

    def _load_state(self, db: Connection, cloud_id: str) -> FlavorState:
        mappings = self.clouds.native_ids.list_all(db, ResourceType.FLAVOR)
        return FlavorState(
            flavors=repository.list_all_flavors(db),
            mappings=[mapping for mapping in mappings if mapping.cloud_id == cloud_id],
            shared={mapping.resource_id for mapping in mappings if mapping.cloud_id != cloud_id},
        )

    def _apply(self, ctx: RequestContext, cloud_id: str, change: FlavorChange) -> None:
        flavor, size = change.flavor, change.size
        if size is None:
            assert flavor is not None, "only existing flavors are deleted"
            self.clouds.native_ids.unregister(ctx, cloud_id, ResourceType.FLAVOR, flavor.id)
            if flavor.id not in self._load_state(ctx.db, cloud_id).shared:
                self.flavors.delete(ctx, flavor.id)
            return
        if flavor is None:
            new = NewFlavor(size.name, size.vcpus, size.ram_mib, size.disk_gib)
            flavor = self.flavors.create(ctx, new)
        elif change.action is FlavorAction.UPDATE:
            disk = size.disk_gib or flavor.disk
            repository.save_flavor(ctx.db, replace(flavor, vcpus=size.vcpus, ram=size.ram_mib, disk=disk))
        # A flavor that an operator has created stays the operator's: later synchronizations do not change or delete it.
        is_synchronized = change.action is not FlavorAction.REGISTER
        self.clouds.native_ids.register(
            ctx, cloud_id, ResourceType.FLAVOR, flavor.id, size.id, is_synchronized=is_synchronized
        )
