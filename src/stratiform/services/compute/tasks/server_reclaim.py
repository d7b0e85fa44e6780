"""Steps of soft deletion, and of servers without an action in progress."""

from stratiform.contract.compute import NativeServerState
from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.kit.work_queue import Requeue
from stratiform.services.compute import events
from stratiform.services.compute.model.task_states import DELETING
from stratiform.services.compute.model.vm_states import SOFT_DELETED
from stratiform.services.compute.tasks.server_interfaces import reconcile_interfaces
from stratiform.services.compute.tasks.server_reconciler import ServerReconciler
from stratiform.services.compute.tasks.volume_attachments import reconcile_attachments


def reconcile_settled_server(reconciler: ServerReconciler) -> Requeue | None:
    """Delete a soft-deleted server at the end of its grace period; attach and detach interfaces and
    volumes of other servers.
    """
    if reconciler.server.vm_state != SOFT_DELETED:
        reconcile_interfaces(reconciler)
        return reconcile_attachments(reconciler)
    remaining = reconciler.server.updated_at + reconciler.compute.reclaim_interval_us - reconciler.job.clock.now()
    if remaining > 0:
        return Requeue(remaining)
    return reconciler.save_and_continue((events.DELETE_START,), task_state=DELETING)


def soft_delete_server(reconciler: ServerReconciler) -> Requeue | None:
    """Stop the server, and keep it for the grace period."""
    native = reconciler.find_native_server()
    if native is None:
        return reconciler.mark_lost()
    if native.state in (NativeServerState.STOPPED, NativeServerState.ERROR):
        reconciler.complete_action(events.SOFT_DELETE_END, native, vm_state=SOFT_DELETED, power_on=False)
        return Requeue(reconciler.compute.reclaim_interval_us)
    try:
        if native.state is NativeServerState.RUNNING:
            reconciler.cloud.stop(native.id)
    except CloudUnreachable:
        raise
    except CloudError as error:
        return reconciler.reject_action(error)
    return reconciler.requeue_soon()
