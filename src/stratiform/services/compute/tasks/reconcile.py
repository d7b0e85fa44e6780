"""`compute.server`: take the next step of one server.

The task state selects the step. Each step reads the server in the cloud first, so a step that was taken before, here
or by a worker that was killed, is not repeated.
"""

from collections.abc import Callable

from stratiform.contract.errors import NotSupported
from stratiform.kit.work import Job, Requeue
from stratiform.services.compute.model import task_states
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service import ComputeService
from stratiform.services.compute.tasks import build, delete, power, rebuild, resize, volume_attachments
from stratiform.services.compute.tasks.reconciler import ServerReconciler

Step = Callable[[ServerReconciler], Requeue | None]

STEPS: dict[str, Step] = {
    task_states.NONE: volume_attachments.reconcile_attachments,
    task_states.SCHEDULING: build.build,
    task_states.DELETING: delete.delete,
    task_states.POWERING_OFF: power.stop,
    task_states.POWERING_ON: power.start,
    task_states.REBOOTING: power.start_reboot,
    task_states.REBOOTING_HARD: power.start_reboot,
    task_states.REBOOT_STARTED: power.finish_reboot,
    task_states.REBOOT_STARTED_HARD: power.finish_reboot,
    task_states.RESIZE_PREP: resize.start_resize,
    task_states.RESIZE_FINISH: resize.finish_resize,
    task_states.RESIZE_REVERTING: resize.revert_resize,
    task_states.REBUILDING: rebuild.start_rebuild,
    task_states.REBUILD_SPAWNING: rebuild.finish_rebuild,
}


def reconcile(compute: ComputeService, job: Job) -> Requeue | None:
    """Load one server and take its next step."""
    with job.database.snapshot() as db:
        server = servers.find_server(db, job.key)
    if server is None:
        return None
    cloud = compute.clouds.connections.get(server.cloud_id).compute
    if cloud is None:
        raise NotSupported(f"Cloud {server.cloud_name} does not support servers.")
    reconciler = ServerReconciler(compute, job, cloud, server)
    if server.deleted_at is not None:
        return delete.delete_late_create(reconciler)
    return STEPS[server.task_state](reconciler)
