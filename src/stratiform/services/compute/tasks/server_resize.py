"""Steps that resize a server and revert a resize: stop it, change its size, start it if it was running."""

from dataclasses import replace

from stratiform.contract.compute import NativeServer, NativeServerState, ServerSize
from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.kit.work_queue import Requeue
from stratiform.services.clouds.model import ResourceType
from stratiform.services.compute import events
from stratiform.services.compute.model.flavors import FlavorSnapshot, build_server_size
from stratiform.services.compute.model.task_states import NONE, POWERING_ON, RESIZE_FINISH
from stratiform.services.compute.model.vm_states import ACTIVE, RESIZED, STOPPED
from stratiform.services.compute.tasks.power_changes import IN_ERROR
from stratiform.services.compute.tasks.server_reconciler import ServerReconciler


def start_resize(reconciler: ServerReconciler) -> Requeue | None:
    """Stop the server and change its size. If the cloud rejects the size, the server continues with the old one."""
    server = reconciler.server
    flavor = server.new_flavor
    if flavor is None:
        return reconciler.save_and_continue(task_state=NONE)
    try:
        native = _stop(reconciler)
        if not isinstance(native, NativeServer):
            return native
        reconciler.cloud.resize(native.id, _target_size(reconciler, native, flavor))
    except CloudUnreachable:
        raise
    except CloudError as error:
        if not server.power_on:
            return reconciler.reject_action(error)
        reconciler.reject_action(error, task_state=POWERING_ON)
        return reconciler.requeue_soon()
    return reconciler.save_and_continue(
        task_state=RESIZE_FINISH,
        flavor=flavor,
        flavor_id=flavor["id"],
        old_flavor=server.flavor,
        new_flavor=None,
    )


def finish_resize(reconciler: ServerReconciler) -> Requeue | None:
    """Start the server if it was running; the customer then confirms or reverts the resize."""
    native = _restore_power(reconciler)
    if not isinstance(native, NativeServer):
        return native
    return reconciler.complete_action(events.RESIZE_END, native, vm_state=RESIZED)


def revert_resize(reconciler: ServerReconciler) -> Requeue | None:
    """Change the size back to `new_flavor` (None once that is done), then start the server if it was running."""
    flavor = reconciler.server.new_flavor
    if flavor is None:
        return _finish_revert(reconciler)
    try:
        native = _stop(reconciler)
        if not isinstance(native, NativeServer):
            return native
        reconciler.cloud.resize(native.id, _target_size(reconciler, native, flavor))
    except CloudUnreachable:
        raise
    except CloudError as error:
        return reconciler.fail_action(error.message)
    return reconciler.save_and_continue(flavor=flavor, flavor_id=flavor["id"], old_flavor=None, new_flavor=None)


def _finish_revert(reconciler: ServerReconciler) -> Requeue | None:
    native = _restore_power(reconciler)
    if not isinstance(native, NativeServer):
        return native
    vm_state = ACTIVE if reconciler.server.power_on else STOPPED
    return reconciler.complete_action(events.RESIZE_REVERT_END, native, vm_state=vm_state)


def _stop(reconciler: ServerReconciler) -> NativeServer | Requeue | None:
    """Return the server in the cloud once it is stopped; otherwise stop it, and return the result of the step."""
    native = reconciler.find_native_server()
    if native is None:
        return reconciler.mark_lost()
    if native.state is NativeServerState.ERROR:
        return reconciler.fail_action(native.fault or IN_ERROR)
    if native.state is NativeServerState.RUNNING:
        reconciler.cloud.stop(native.id)
    return native if native.state is NativeServerState.STOPPED else reconciler.requeue_soon()


def _restore_power(reconciler: ServerReconciler) -> NativeServer | Requeue | None:
    """Return the server once it is running or stopped as before; otherwise start it, and return the step's result."""
    native = reconciler.find_native_server()
    if native is None:
        return reconciler.mark_lost()
    if native.state is NativeServerState.ERROR:
        return reconciler.fail_action(native.fault or "The server did not start after the resize.")
    if native.state is (NativeServerState.RUNNING if reconciler.server.power_on else NativeServerState.STOPPED):
        return native
    try:
        if native.state is NativeServerState.STOPPED:
            reconciler.cloud.start(native.id)
    except CloudUnreachable:
        raise
    except CloudError as error:
        return reconciler.fail_action(error.message)
    return reconciler.requeue_soon()


def _target_size(reconciler: ServerReconciler, native: NativeServer, flavor: FlavorSnapshot) -> ServerSize:
    """Return the flavor's size; the disk keeps its current size if that is larger, because disks can't shrink."""
    with reconciler.job.database.read_transaction() as db:
        native_type = reconciler.compute.clouds.native_ids.find(
            db, reconciler.server.cloud_id, ResourceType.FLAVOR, flavor["id"]
        )
    size = build_server_size(flavor, native_type)
    if reconciler.server.is_volume_backed:
        return replace(size, disk_gib=0)
    return replace(size, disk_gib=max(size.disk_gib, native.size.disk_gib))
