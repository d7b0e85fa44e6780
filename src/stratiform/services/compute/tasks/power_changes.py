"""Steps that start, stop and reboot a server."""

from stratiform.contract.compute import NativeServerState
from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.kit.work_queue import Requeue
from stratiform.services.compute import events
from stratiform.services.compute.model.task_states import REBOOT_STARTED, REBOOT_STARTED_HARD, REBOOTING
from stratiform.services.compute.model.vm_states import ACTIVE, STOPPED
from stratiform.services.compute.tasks.server_reconciler import ServerReconciler

#: States in which a reboot is requested; a hard reboot discards the memory of a paused or suspended server.
_REBOOTABLE = (NativeServerState.RUNNING, NativeServerState.PAUSED, NativeServerState.SUSPENDED)

#: The fault of a server that its cloud reports in error without a reason.
IN_ERROR = "The server is in the state error in its cloud."


def stop_server(reconciler: ServerReconciler) -> Requeue | None:
    """Stop the server until it is stopped."""
    native = reconciler.find_native_server()
    if native is None:
        return reconciler.mark_lost()
    if native.state is NativeServerState.STOPPED:
        return reconciler.complete_action(events.POWER_OFF_END, native, vm_state=STOPPED)
    if native.state is NativeServerState.ERROR:
        return reconciler.fail_action(native.fault or IN_ERROR)
    try:
        if native.state is NativeServerState.RUNNING:
            reconciler.cloud.stop(native.id)
    except CloudUnreachable:
        raise
    except CloudError as error:
        return reconciler.reject_action(error, power_on=True)
    return reconciler.requeue_soon()


def start_server(reconciler: ServerReconciler) -> Requeue | None:
    """Start the server until it runs."""
    native = reconciler.find_native_server()
    if native is None:
        return reconciler.mark_lost()
    if native.state is NativeServerState.RUNNING:
        return reconciler.complete_action(events.POWER_ON_END, native, vm_state=ACTIVE)
    if native.state is NativeServerState.ERROR:
        return reconciler.fail_action(native.fault or IN_ERROR)
    try:
        if native.state is NativeServerState.STOPPED:
            reconciler.cloud.start(native.id)
    except CloudUnreachable:
        raise
    except CloudError as error:
        return reconciler.reject_action(error, power_on=False)
    return reconciler.requeue_soon()


def start_reboot(reconciler: ServerReconciler) -> Requeue | None:
    """Request the reboot; after a kill of the worker it may be requested twice, which is harmless."""
    native = reconciler.find_native_server()
    if native is None:
        return reconciler.mark_lost()
    soft = reconciler.server.task_state == REBOOTING
    try:
        if native.state in _REBOOTABLE:
            reconciler.cloud.reboot(native.id, hard=not soft)
        elif native.state is NativeServerState.STOPPED:
            reconciler.cloud.start(native.id)
        elif native.state is not NativeServerState.ERROR:
            return reconciler.requeue_soon()
    except CloudUnreachable:
        raise
    except CloudError as error:
        return reconciler.reject_action(error, power_on=native.state is NativeServerState.RUNNING)
    return reconciler.save_and_continue(task_state=REBOOT_STARTED if soft else REBOOT_STARTED_HARD)


def finish_reboot(reconciler: ServerReconciler) -> Requeue | None:
    """Wait until the server runs again; start it if it is stopped."""
    native = reconciler.find_native_server()
    if native is None:
        return reconciler.mark_lost()
    if native.state is NativeServerState.RUNNING:
        return reconciler.complete_action(events.REBOOT_END, native, vm_state=ACTIVE)
    if native.state is NativeServerState.ERROR:
        return reconciler.fail_action(native.fault or "The server did not start after the reboot.")
    try:
        if native.state is NativeServerState.STOPPED:
            reconciler.cloud.start(native.id)
    except CloudUnreachable:
        raise
    except CloudError as error:
        return reconciler.reject_action(error, power_on=False, vm_state=STOPPED)
    return reconciler.requeue_soon()
