"""Volumes that exist in a cloud: list them, start to manage them, and stop.

Source: cinder/api/contrib/volume_manage.py, cinder/volume/flows/api/manage_existing.py.
A background task adds or removes the tags of the volume in its cloud, which keeps the data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.contract import registry
from stratiform.contract.adoption import AdoptableKind, AdoptableResource
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, UnsupportedOperation
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Rule
from stratiform.kit.work_queue import enqueue
from stratiform.services.clouds.model import Binding
from stratiform.services.clouds.service import CloudsService
from stratiform.services.volume import policy, repository
from stratiform.services.volume.model import Volume, check_metadata, check_name
from stratiform.services.volume.model.backends import Backend
from stratiform.services.volume.model.managed_resources import NewManagedVolume, check_reference
from stratiform.services.volume.repository.references import save_reference
from stratiform.services.volume.service.backends import Backends
from stratiform.services.volume.service.quota_sets import QuotaSets
from stratiform.services.volume.service.volume_access import get_volume
from stratiform.services.volume.service.volume_types import VolumeTypes
from stratiform.services.volume.service.volumes import RECONCILE, start_removal

#: Statuses in which a volume can be unmanaged.
_UNMANAGEABLE_STATUSES = ("available", "error", "error_restoring", "error_extending", "error_managing")

_NOT_IMPLEMENTED = "Manage existing {} not implemented."


@dataclass(frozen=True, slots=True)
class ManagedVolumes:
    """Manage and unmanage volumes, and list what can be managed."""

    ids: Ids
    clouds: CloudsService
    backends: Backends
    volume_types: VolumeTypes
    quota_sets: QuotaSets

    def get_backend(self, ctx: RequestContext, rule: Rule, kind: AdoptableKind, host: str) -> Backend:
        """Return the back end of a host. Raises Forbidden, NotFound, UnsupportedOperation."""
        backend = self.backends.get(ctx, rule, host)
        require_adoption(backend.kind, _NOT_IMPLEMENTED.format(kind.value))
        return backend

    def list_native(self, backend: Backend, kind: AdoptableKind) -> Sequence[AdoptableResource]:
        """Return all volumes or snapshots in a cloud. Do not call it inside a transaction. Raises CloudError."""
        driver = self.clouds.connections.get(backend.cloud_id).adoption
        return [] if driver is None else list(driver.list(kind))

    def manage(self, ctx: RequestContext, new: NewManagedVolume) -> Volume:
        """Start to manage a volume, in status `managing`; the task checks the reference.

        Raises: NotFound, VolumeTypeNotFound, UnsupportedOperation, Invalid, QuotaExceeded.
        """
        project_id = ctx.caller.require_project_id()
        backend = self.get_backend(ctx, policy.VOLUME_MANAGE, AdoptableKind.VOLUME, new.host)
        check_reference(AdoptableKind.VOLUME.value, new.reference)
        volume_type = self.volume_types.get_usable(ctx, new.volume_type)
        if volume_type.is_multiattach:
            raise Invalid(f"Cloud {backend.cloud_name} cannot change an existing volume to multiattach.")
        binding = self._find_binding(ctx, project_id, backend, new.availability_zone)
        self.quota_sets.reserve_volume(ctx.db, project_id, volume_type.name, 0)
        volume = Volume(
            id=self.ids.uuid(),
            project_id=project_id,
            user_id=ctx.caller.user_id,
            name=check_name(new.name),
            description=new.description,
            size_gib=0,
            wanted_gib=0,
            status="managing",
            previous_status="",
            type_id=volume_type.id,
            zone=binding.zone,
            native_zone=binding.native_zone,
            cloud_id=binding.cloud_id,
            cloud_name=binding.cloud_name,
            native_id="",
            image_id="",
            image_metadata={},
            bootable=new.bootable,
            read_only=None,
            metadata=check_metadata(new.metadata),
            fault="",
            snapshot_id="",
            source_volume_id="",
            backup_id="",
            group_id="",
            target_id="",
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        repository.volumes.insert(ctx.db, volume)
        save_reference(ctx.db, volume.id, new.reference)
        enqueue(ctx.db, RECONCILE, volume.id, ctx.now)
        return volume

    def unmanage(self, ctx: RequestContext, volume_id: str) -> None:
        """Start to release a volume, whose data stays in its cloud; its usage ends now.

        Raises: VolumeNotFound, InvalidVolume for a wrong status and for a volume with snapshots, UnsupportedOperation.
        """
        volume = get_volume(ctx, policy.VOLUME_UNMANAGE, volume_id)
        kind = self.clouds.accounts.get_by_id(ctx.db, volume.cloud_id).kind
        require_adoption(kind, "Unmanage volume not implemented.")
        if volume.encrypted:
            raise Invalid("Unmanaging encrypted volumes is not supported.")
        start_removal(ctx, volume, _UNMANAGEABLE_STATUSES, "unmanaging")

    def _find_binding(self, ctx: RequestContext, project_id: str, backend: Backend, zone: str | None) -> Binding:
        """Return a binding of the project to the cloud. Raises Invalid."""
        for binding in self.clouds.bindings.list_for_project(ctx.db, project_id):
            if binding.cloud_id == backend.cloud_id and zone in (None, "", binding.zone):
                return binding
        where = f" in availability zone {zone}" if zone else ""
        raise Invalid(f"Project {project_id} is not bound to cloud {backend.cloud_name}{where}.")


def require_adoption(kind: str, reason: str) -> None:
    """Raises UnsupportedOperation with Cinder's reason if clouds of this kind cannot manage existing resources."""
    if not registry.has_capability(kind, "adoption"):
        raise UnsupportedOperation(reason)
