"""`compute.server`: take the next step of one server.

The task state selects the step. Each step reads the server in the cloud first, so a step that was taken before, here
or by a worker that was killed, is not repeated.
"""

from collections.abc import Callable

from stratiform.contract.errors import NotSupported
from stratiform.kit.work_queue import Job, Requeue
from stratiform.services.compute.model import task_states
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service import ComputeService
from stratiform.services.compute.tasks import (
    power_changes,
    server_creation,
    server_deletion,
    server_images,
    server_rebuild,
    server_reclaim,
    server_resize,
    server_shelving,
    state_changes,
)
from stratiform.services.compute.tasks.server_reconciler import ServerReconciler

Step = Callable[[ServerReconciler], Requeue | None]

STEPS: dict[str, Step] = {
    task_states.NONE: server_reclaim.reconcile_settled_server,
    task_states.SCHEDULING: server_creation.create_server,
    task_states.DELETING: server_deletion.delete_server,
    task_states.POWERING_OFF: power_changes.stop_server,
    task_states.POWERING_ON: power_changes.start_server,
    task_states.REBOOTING: power_changes.start_reboot,
    task_states.REBOOTING_HARD: power_changes.start_reboot,
    task_states.REBOOT_STARTED: power_changes.finish_reboot,
    task_states.REBOOT_STARTED_HARD: power_changes.finish_reboot,
    task_states.RESIZE_PREP: server_resize.start_resize,
    task_states.RESIZE_FINISH: server_resize.finish_resize,
    task_states.RESIZE_REVERTING: server_resize.revert_resize,
    task_states.REBUILDING: server_rebuild.start_rebuild,
    task_states.REBUILD_SPAWNING: server_rebuild.finish_rebuild,
    task_states.PAUSING: state_changes.pause_server,
    task_states.UNPAUSING: state_changes.unpause_server,
    task_states.SUSPENDING: state_changes.suspend_server,
    task_states.RESUMING: state_changes.resume_server,
    task_states.RESCUING: state_changes.rescue_server,
    task_states.UNRESCUING: state_changes.unrescue_server,
    task_states.SHELVING: server_shelving.shelve_server,
    task_states.SHELVING_OFFLOADING: server_shelving.offload_server,
    task_states.UNSHELVING: server_shelving.unshelve_server,
    task_states.IMAGE_SNAPSHOT: server_images.create_image,
    task_states.IMAGE_BACKUP: server_images.create_image,
    task_states.SOFT_DELETING: server_reclaim.soft_delete_server,
    task_states.RESTORING: state_changes.restore_server,
}


def reconcile_server(compute: ComputeService, job: Job) -> Requeue | None:
    """Load one server and take its next step."""
    with job.database.read_transaction() as db:
        server = servers.find_server(db, job.key)
    if server is None:
        return None
    cloud = compute.clouds.connections.get(server.cloud_id).compute
    if cloud is None:
        raise NotSupported(f"Cloud {server.cloud_name} does not support servers.")
    reconciler = ServerReconciler(compute, job, cloud, server)
    if server.deleted_at is not None:
        return server_deletion.delete_late_create(reconciler)
    return STEPS[server.task_state](reconciler)
