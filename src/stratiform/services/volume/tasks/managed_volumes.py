"""The steps of volumes that become managed, and of those that cease to be."""

from collections.abc import Sequence

from stratiform.contract.adoption import AdoptableKind, AdoptableResource, AdoptionDriver
from stratiform.contract.connector import CloudConnection
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeDriver
from stratiform.kit.work_queue import Job
from stratiform.services.clouds.model import Binding
from stratiform.services.volume import events, repository
from stratiform.services.volume.errors import QuotaExceeded
from stratiform.services.volume.model import Volume
from stratiform.services.volume.model.managed_resources import find_by_reference, find_obstacle
from stratiform.services.volume.model.messages import Action, Detail, Failure
from stratiform.services.volume.repository.references import find_reference
from stratiform.services.volume.service import VolumeService
from stratiform.services.volume.tasks.volume_outcomes import complete_volume, fail_volume

_NOT_FOUND = "Manage existing {} failed due to invalid backend reference {}: {}"


def manage_volume(service: VolumeService, job: Job, connection: CloudConnection, volume: Volume) -> None:
    """Tag an existing volume as ours. Until then it counts against the quota, but not as usage."""
    failure = Failure(Action.CREATE, Detail.CREATE)
    try:
        driver = require_adoption_driver(connection)
        if not volume.native_id:
            reserved = _reserve(service, job, driver, volume)
            if reserved is None:
                return
            volume = reserved
        driver.adopt(AdoptableKind.VOLUME, volume.native_id, volume.id, volume.name or volume.id)
    except (NativeNotFound, RequestRejected, QuotaExceeded) as error:
        if isinstance(error, QuotaExceeded):
            failure = Failure(Action.CREATE, Detail.QUOTA)
        changes = {"native_id": "", "size_gib": 0, "wanted_gib": 0}
        fail_volume(service, job, volume, "error_managing", error.message, failure=failure, **changes)
        return
    now = job.clock.now()
    complete_volume(service, job, volume, events.MANAGED, now, status="available", launched_at=now, fault="")


def unmanage_volume(service: VolumeService, job: Job, connection: CloudConnection, volume: Volume) -> None:
    """Remove our tags from a volume, which keeps its data under the name that Cinder's drivers would give it."""
    try:
        driver = require_adoption_driver(connection)
        native = None if connection.volume is None else find_native_volume(connection.volume, volume)
        if native is not None and native.token == volume.id:
            driver.release(AdoptableKind.VOLUME, native.id, f"volume-{volume.id}")
    except RequestRejected as error:
        failure = Failure(Action.UNMANAGE, Detail.UNKNOWN)
        fail_volume(service, job, volume, "error_unmanaging", error.message, failure=failure)
        return
    now = job.clock.now()
    event_type = events.UNMANAGED if volume.status == "unmanaging" else events.DELETED
    terminated_at = volume.terminated_at or now
    complete_volume(
        service, job, volume, event_type, now, status="deleted", terminated_at=terminated_at, deleted_at=now
    )


def find_native_volume(cloud: VolumeDriver, volume: Volume) -> NativeVolume | None:
    """Return the native volume, also if the create response was lost, or the cloud's search is not consistent yet."""
    native = cloud.find(volume.id)
    if native is None and volume.native_id:
        try:
            native = cloud.get(volume.native_id)
        except NativeNotFound:
            return None
    return None if native is None or native.state is NativeVolumeState.DELETED else native


def require_adoption_driver(connection: CloudConnection) -> AdoptionDriver:
    """Raises NotSupported if the connector cannot manage existing resources."""
    if connection.adoption is None:
        raise NotSupported("This cloud does not support managing existing volumes and snapshots.")
    return connection.adoption


def find_adoptable(job: Job, driver: AdoptionDriver, kind: AdoptableKind, resource_id: str) -> AdoptableResource:
    """Return what the request of one of our resources refers to. Raises RequestRejected if it cannot be managed."""
    with job.database.read_transaction() as db:
        reference = find_reference(db, resource_id)
    native = find_by_reference(driver.list(kind), reference)
    if native is not None and native.token == resource_id:
        return native
    obstacle = f"{kind.value} not found" if native is None else find_obstacle(native)
    if native is None or obstacle is not None:
        raise RequestRejected(_NOT_FOUND.format(kind.value, reference, obstacle))
    return native


def _reserve(service: VolumeService, job: Job, driver: AdoptionDriver, volume: Volume) -> Volume | None:
    """Find the native volume, and write its size and zone. Return None if the volume was deleted in the meantime.

    Raises: RequestRejected, QuotaExceeded.
    """
    native = find_adoptable(job, driver, AdoptableKind.VOLUME, volume.id)
    with job.transaction() as db:
        binding = _find_binding(service.clouds.bindings.list_for_project(db, volume.project_id), volume, native)
        volume_type = repository.volume_types.find(db, volume.type_id)
        type_name = "" if volume_type is None else volume_type.name
        service.quota_sets.reserve_volume(db, volume.project_id, type_name, native.size_gib, number=0)
        values = {
            "native_id": native.id,
            "size_gib": native.size_gib,
            "wanted_gib": native.size_gib,
            "zone": binding.zone,
            "native_zone": binding.native_zone,
        }
        is_current = repository.update_in_status(db, volume, ("managing",), volume.updated_at, **values)
        return repository.volumes.find(db, volume.id) if is_current else None


def _find_binding(bindings: Sequence[Binding], volume: Volume, native: AdoptableResource) -> Binding:
    """Return the binding in whose zone the native volume is, preferably the requested one. Raises RequestRejected."""
    matching = [item for item in bindings if item.cloud_id == volume.cloud_id and item.native_zone in native.zones]
    if not matching:
        raise RequestRejected(f"The volume is in zone {native.zones[0]} of its cloud, which the project cannot use.")
    return min(matching, key=lambda item: item.zone != volume.zone)
