"""Steps that delete a server, and one that a late create request has created."""

from dataclasses import replace

from stratiform.contract.compute import NativeServer, NativeServerState
from stratiform.kit.work_queue import LEASE_US, Requeue
from stratiform.services.compute import events
from stratiform.services.compute.model.power_states import NOSTATE
from stratiform.services.compute.model.task_states import NONE
from stratiform.services.compute.model.vm_states import DELETED
from stratiform.services.compute.repository import console_tokens, guests, instance_actions, servers
from stratiform.services.compute.tasks.server_reconciler import ServerReconciler

#: A create request whose response was lost may still succeed; the cloud is searched for its server this long.
_LATE_CREATE_US = 2 * LEASE_US


def delete_server(reconciler: ServerReconciler) -> Requeue | None:
    """Delete the server until the cloud no longer has it; only then its addresses are released and its usage ends."""
    server = reconciler.server
    native = reconciler.find_native_server() if server.native_id else reconciler.cloud.find(server.id)
    if native is None or native.state is NativeServerState.DELETED:
        return _complete_delete(reconciler)
    _record_native_server(reconciler, native)
    if native.state is not NativeServerState.DELETING:
        reconciler.cloud.delete(native.id)
    return reconciler.requeue_soon()


def delete_late_create(reconciler: ServerReconciler) -> Requeue | None:
    """Delete what the cloud created for a server that was deleted before its native id was known."""
    server = reconciler.server
    if server.native_id or server.deleted_at is None:
        return None
    native = reconciler.cloud.find(server.id)
    if native is not None and native.state is not NativeServerState.DELETING:
        reconciler.cloud.delete(native.id)
    if reconciler.job.clock.now() > server.deleted_at + _LATE_CREATE_US:
        return None
    return Requeue(LEASE_US)


def _record_native_server(reconciler: ServerReconciler, native: NativeServer) -> None:
    """Save id and launch time: the usage is billed even if the response to the create request was lost."""
    server = reconciler.server
    launched_at = server.launched_at or native.launched_at
    if (server.native_id, server.launched_at) == (native.id, launched_at):
        return
    with reconciler.job.transaction() as db:
        row = servers.find_server_for_update(db, server.id)
        if row is not None:
            servers.save_server(db, replace(row, native_id=native.id, launched_at=launched_at))


def _complete_delete(reconciler: ServerReconciler) -> Requeue | None:
    now, compute = reconciler.job.clock.now(), reconciler.compute
    with reconciler.job.transaction() as db:
        row = servers.find_server_for_update(db, reconciler.server.id)
        if row is None or row.deleted_at is not None:
            return None
        deleted = replace(
            row,
            vm_state=DELETED,
            task_state=NONE,
            task_arguments={},
            power_state=NOSTATE,
            updated_at=now,
            deleted_at=now,
            terminated_at=row.terminated_at or now,
            fault=None,
        )
        servers.save_server(db, deleted)
        guests.delete_password(db, row.id)
        console_tokens.delete_tokens_of_server(db, row.id)
        compute.network.server_ports.release(db, row.id, now)
        for attachment in compute.volume.attachments.list_by_server(db, row.id):
            compute.volume.attachments.release(db, attachment.id, now)
        for image_id in filter(None, (row.shelved_image_id, row.task_arguments.get("image_id"))):
            compute.image.server_images.delete(db, image_id, now)
        instance_actions.finish_actions(db, row.id, now)
        events.append_notification(db, compute.ids, events.DELETE_END, deleted, now, previous=row)
    return None if reconciler.server.native_id else Requeue(LEASE_US)
