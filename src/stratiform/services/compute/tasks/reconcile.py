"""`compute.server`: the next step of one server, whatever came before.

What is wanted is the row's `task_state`; each step looks at the machine first, so a step that was taken
already, here or by a worker that was killed, is seen and not taken twice.
"""

from collections.abc import Callable

from stratiform.contract.errors import NotSupported
from stratiform.kit.work import Job, Requeue
from stratiform.services.compute.model import server as states
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service import ComputeService
from stratiform.services.compute.tasks import building, deleting, power, sizing
from stratiform.services.compute.tasks.disks import settle
from stratiform.services.compute.tasks.look import Look

Step = Callable[[Look], Requeue | None]

_STEPS: dict[str, Step] = {
    states.NONE: settle,
    states.SCHEDULING: building.create,
    states.DELETING: deleting.delete,
    states.POWERING_OFF: power.stop,
    states.POWERING_ON: power.start,
    states.REBOOTING: power.reboot,
    states.REBOOTING_HARD: power.reboot,
    states.REBOOT_STARTED: power.back,
    states.REBOOT_STARTED_HARD: power.back,
    states.RESIZE_PREP: sizing.resize,
    states.RESIZE_FINISH: sizing.finish,
    states.RESIZE_REVERTING: sizing.revert,
    states.REBUILDING: building.rebuild,
    states.REBUILD_SPAWNING: building.rebuilt,
}


def reconcile(service: ComputeService, job: Job) -> Requeue | None:
    """Look at one server, and take its next step."""
    with job.database.snapshot() as db:
        server = servers.server(db, job.key)
    if server is None:
        return None
    cloud = service.clouds.connections.get(server.cloud_id).compute
    if cloud is None:
        raise NotSupported(f"cloud {server.cloud_name} has no machines any more")
    look = Look(service, job, cloud, server)
    if server.deleted_at is not None:
        return deleting.afterwards(look)
    return _STEPS[server.task_state](look)
