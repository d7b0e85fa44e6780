"""`compute.observe`: compare the servers of a cloud with their rows, and correct drift.

A row is corrected only if no action is in progress and it did not change in the seconds before the cloud was listed:
other servers are left to `compute.server`, and a list may be older than the request for it.
"""

import logging
from dataclasses import replace

from stratiform.contract.compute import ComputeDriver, NativeServer, NativeServerState
from stratiform.contract.errors import NativeNotFound
from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.database import Connection
from stratiform.kit.work_queue import Job, Requeue, enqueue
from stratiform.services.compute import events
from stratiform.services.compute.model.power_states import SHUTDOWN
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.model.task_states import NONE, POWERING_OFF
from stratiform.services.compute.model.vm_states import ACTIVE, ERROR, RESIZED, SHELVED_OFFLOADED, STOPPED
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service import ComputeService
from stratiform.services.compute.service.server_transitions import RECONCILE
from stratiform.services.compute.tasks.server_reconciler import mark_server_lost

OBSERVE, SURVEY = "compute.observe", "compute.survey"
SURVEY_INTERVAL_US = 15 * SECOND_US

#: A row that changed this long before the cloud is listed, or later, is not corrected.
_LIST_DELAY_US = 5 * SECOND_US

_ENDING = (NativeServerState.DELETING, NativeServerState.DELETED)

logger = logging.getLogger(__name__)


def enqueue_observations(compute: ComputeService, job: Job) -> Requeue:
    """Enqueue the observation of every cloud, every 15 seconds."""
    with job.transaction() as db:
        for cloud in compute.clouds.accounts.list_all(db):
            enqueue(db, OBSERVE, cloud.id, job.clock.now())
    return Requeue(SURVEY_INTERVAL_US)


def observe_cloud(compute: ComputeService, job: Job) -> None:
    """List one cloud, delete orphans, and correct rows that differ."""
    cloud = compute.clouds.connections.get(job.key).compute
    if cloud is None:
        return
    settled_before = job.clock.now() - _LIST_DELAY_US
    native_servers = [native for native in cloud.list() if native.state not in _ENDING]
    with job.database.read_transaction() as db:
        rows = servers.list_servers_in_cloud(db, job.key)
        row_by_id = {row.id: row for row in rows}
        unmatched = [native.token for native in native_servers if native.token not in row_by_id]
        deleted_ids = servers.find_existing_ids(db, unmatched)
        cloud_name = compute.clouds.accounts.get_by_id(db, job.key).name
    for native in native_servers:
        if native.token not in row_by_id and native.token not in deleted_ids:
            logger.warning(
                "ignoring server with unknown tag cloud=%s native_id=%s resource_tag=%s",
                *(cloud_name, native.id, native.token),
            )
        elif _is_orphan(native, row_by_id.get(native.token)):
            logger.warning(
                "deleting orphaned server cloud=%s native_id=%s server=%s", cloud_name, native.id, native.token
            )
            cloud.delete(native.id)
    native_by_id = {native.id: native for native in native_servers}
    for row in rows:
        if row.exists_in_cloud and row.task_state == NONE and row.updated_at < settled_before:
            _correct_drift(compute, job, cloud, row, native_by_id.get(row.native_id))


def _is_orphan(native: NativeServer, row: Server | None) -> bool:
    """Return True if the server of this token is deleted (None), failed or shelved, or is another one in the cloud.

    Servers with an unknown token are not orphans: rows are never removed, and are written before the request to the
    cloud, so such a server belongs to another database.
    """
    if row is None:
        return True
    absent = row.vm_state in (ERROR, SHELVED_OFFLOADED) and row.task_state == NONE and not row.native_id
    return absent or row.native_id not in ("", native.id)


def _correct_drift(
    compute: ComputeService, job: Job, cloud: ComputeDriver, row: Server, native: NativeServer | None
) -> None:
    if native is None:
        if not _is_deleted(cloud, row.native_id):
            return
    elif not _differs(row, native):
        return
    with job.transaction() as db:
        if servers.find_server_for_update(db, row.id) != row:
            return
        now = job.clock.now()
        if native is None:
            logger.warning("server no longer exists in its cloud server=%s native_id=%s", row.id, row.native_id)
            mark_server_lost(db, compute, row, now)
        else:
            _correct_power_state(db, compute, row, native, now)


def _differs(row: Server, native: NativeServer) -> bool:
    if native.state is NativeServerState.STOPPED:
        return row.vm_state == ACTIVE or (row.vm_state == RESIZED and row.power_on)
    return native.state is NativeServerState.RUNNING and row.vm_state == STOPPED


def _correct_power_state(
    db: Connection, compute: ComputeService, row: Server, native: NativeServer, now: Micros
) -> None:
    """As Nova's power sync: accept a stop outside this API, and stop a server that was started outside it."""
    if native.state is NativeServerState.RUNNING:
        changed = replace(row, task_state=POWERING_OFF, power_on=False, updated_at=now)
        event_type = events.POWER_OFF_START
        enqueue(db, RECONCILE, row.id, now)
    else:
        vm_state = RESIZED if row.vm_state == RESIZED else STOPPED
        changed = replace(row, vm_state=vm_state, power_on=False, power_state=SHUTDOWN, updated_at=now)
        event_type = events.POWER_OFF_END
    servers.save_server(db, changed)
    events.append_notification(db, compute.ids, event_type, changed, now, previous=row)


def _is_deleted(cloud: ComputeDriver, native_id: str) -> bool:
    """Return True if the cloud reports the server as deleted: a list may be incomplete."""
    try:
        return cloud.get(native_id).state is NativeServerState.DELETED
    except NativeNotFound:
        return True
