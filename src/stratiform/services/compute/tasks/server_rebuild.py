"""Steps that rebuild a server from an image."""

from stratiform.contract.compute import NativeServerState
from stratiform.contract.errors import CloudError
from stratiform.kit.errors import Fault
from stratiform.kit.work_queue import Requeue
from stratiform.services.compute import events
from stratiform.services.compute.model.task_states import REBUILD_SPAWNING
from stratiform.services.compute.model.vm_states import ACTIVE, STOPPED
from stratiform.services.compute.tasks.server_creation import TEMPORARY_ERRORS
from stratiform.services.compute.tasks.server_reconciler import ServerReconciler


def start_rebuild(reconciler: ServerReconciler) -> Requeue | None:
    """Request the rebuild once the server is in a settled state."""
    native = reconciler.find_native_server()
    if native is None:
        return reconciler.mark_lost()
    if native.state in (NativeServerState.BUILDING, NativeServerState.STOPPING):
        return reconciler.requeue_soon()
    try:
        server = reconciler.server
        image_id = server.task_arguments.get("rebuild_image_id", server.image_id)
        if image_id:
            image = reconciler.compute.image.image_copies.ensure_copy(server.cloud_id, image_id)
            reconciler.cloud.rebuild(native.id, image)
        elif native.state is NativeServerState.RUNNING:
            reconciler.cloud.reboot(native.id, hard=True)  # the root volume keeps its data, as before 2.93
    except TEMPORARY_ERRORS:
        raise
    except Fault as error:
        return reconciler.fail_action(error.message)
    return reconciler.save_and_continue(task_state=REBUILD_SPAWNING)


def finish_rebuild(reconciler: ServerReconciler) -> Requeue | None:
    """Start or stop the server until it is running or stopped as before the rebuild."""
    native = reconciler.find_native_server()
    if native is None:
        return reconciler.mark_lost()
    if native.state is NativeServerState.ERROR:
        return reconciler.fail_action(native.fault or "The cloud could not rebuild the server.")
    power_on = reconciler.server.power_on
    if native.state is (NativeServerState.RUNNING if power_on else NativeServerState.STOPPED):
        return reconciler.complete_action(events.REBUILD_END, native, vm_state=ACTIVE if power_on else STOPPED)
    try:
        if native.state is NativeServerState.STOPPED:
            reconciler.cloud.start(native.id)
        elif native.state is NativeServerState.RUNNING:
            reconciler.cloud.stop(native.id)
    except TEMPORARY_ERRORS:
        raise
    except CloudError as error:
        return reconciler.fail_action(error.message)
    return reconciler.requeue_soon()
