"""Snapshots that exist in a cloud and become managed."""

from stratiform.contract.adoption import AdoptableKind, AdoptableResource
from stratiform.contract.connector import CloudConnection
from stratiform.contract.errors import RequestRejected
from stratiform.kit.work_queue import Job
from stratiform.services.volume import repository
from stratiform.services.volume.model import Backup, Snapshot
from stratiform.services.volume.repository.references import find_reference
from stratiform.services.volume.tasks.managed_volumes import find_adoptable, require_adoption_driver


def is_managed_request(job: Job, snapshot_id: str) -> bool:
    """Return True if the snapshot is not to be taken, because it exists already."""
    with job.database.read_transaction() as db:
        return bool(find_reference(db, snapshot_id))


def adopt_snapshot(job: Job, connection: CloudConnection, snapshot: Snapshot | Backup) -> AdoptableResource:
    """Tag an existing native snapshot as ours, and return it. Raises NativeNotFound, RequestRejected."""
    driver = require_adoption_driver(connection)
    native = find_adoptable(job, driver, AdoptableKind.SNAPSHOT, snapshot.id)
    with job.database.read_transaction() as db:
        volume = repository.volumes.find(db, snapshot.volume_id)
    if volume is None or native.volume_id not in ("", volume.native_id):
        raise RequestRejected(f"The snapshot {native.id} is not one of volume {snapshot.volume_id}.")
    driver.adopt(AdoptableKind.SNAPSHOT, native.id, snapshot.id, snapshot.name or snapshot.id)
    return native
