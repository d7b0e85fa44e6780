"""The step of a server without an action in progress: attach, detach and swap its volumes."""

from collections.abc import Mapping

from stratiform.contract.errors import CloudError, CloudUnreachable, RequestRejected
from stratiform.kit.work_queue import Requeue
from stratiform.services.compute.model.vm_states import ERROR, SHELVED_OFFLOADED
from stratiform.services.compute.repository import instance_actions
from stratiform.services.compute.tasks.server_reconciler import ACTION_FAILED, ServerReconciler
from stratiform.services.volume.model import Attachment


def reconcile_attachments(reconciler: ServerReconciler) -> Requeue | None:
    """Attach and detach volumes; one that fails does not delay the others."""
    volume_attachments = reconciler.compute.volume.attachments
    with reconciler.job.database.read_transaction() as db:
        attachments = volume_attachments.list_by_server(db, reconciler.server.id)
        native_ids = {a.id: volume_attachments.get_native_volume_id(db, a.volume_id) for a in attachments}
    replaced_ids = {attachment.replaced_id for attachment in attachments}
    for attachment in attachments:
        if attachment.replaced_id:
            _swap(reconciler, attachment, native_ids)
        elif attachment.state == "attaching":
            _attach(reconciler, attachment, native_ids[attachment.id])
        elif attachment.state == "detaching" and attachment.id not in replaced_ids:
            _detach(reconciler, attachment, native_ids[attachment.id])
    return None


def _swap(reconciler: ServerReconciler, attachment: Attachment, native_ids: Mapping[str, str]) -> None:
    """Replace a volume of the server by another one with the same data."""
    server, attachments = reconciler.server, reconciler.compute.volume.attachments
    old_native_id = native_ids.get(attachment.replaced_id, "")
    message = None
    try:
        if not server.exists_in_cloud:
            raise RequestRejected("The server does not exist in its cloud.")
        reconciler.cloud.swap_volume(server.native_id, old_native_id, native_ids[attachment.id])
    except CloudUnreachable:
        raise
    except CloudError:
        message = ACTION_FAILED
    now = reconciler.job.clock.now()
    with reconciler.job.transaction() as db:
        if message is None:
            attachments.complete_swap(db, attachment.id, now)
        else:
            attachments.cancel_swap(db, attachment.id, now)
        instance_actions.finish_actions(db, server.id, now, message)


def _attach(reconciler: ServerReconciler, attachment: Attachment, native_volume_id: str) -> None:
    server = reconciler.server
    if server.vm_state == SHELVED_OFFLOADED and native_volume_id:
        _finish_attach(reconciler, attachment)  # the cloud attaches it when the server is unshelved
        return
    if not server.exists_in_cloud or not native_volume_id:
        _release(reconciler, attachment)
        return
    if attachment.is_root:
        _finish_attach(reconciler, attachment)  # the cloud attached it when it created the server
        return
    try:
        reconciler.cloud.attach_volume(server.native_id, native_volume_id, attachment.device)
    except CloudUnreachable:
        raise
    except CloudError:
        if server.vm_state == ERROR:
            _release(reconciler, attachment)
        else:
            _fail_attach(reconciler, attachment)
        return
    _finish_attach(reconciler, attachment)


def _detach(reconciler: ServerReconciler, attachment: Attachment, native_volume_id: str) -> None:
    if reconciler.server.native_id and native_volume_id:
        reconciler.cloud.detach_volume(reconciler.server.native_id, native_volume_id)
    _finish_detach(reconciler, attachment)


def _release(reconciler: ServerReconciler, attachment: Attachment) -> None:
    """The server failed: detach the volume, and delete it if that was requested."""
    now = reconciler.job.clock.now()
    with reconciler.job.transaction() as db:
        reconciler.compute.volume.attachments.release(db, attachment.id, now)
        instance_actions.finish_actions(db, reconciler.server.id, now, ACTION_FAILED)


def _finish_attach(reconciler: ServerReconciler, attachment: Attachment) -> None:
    now = reconciler.job.clock.now()
    with reconciler.job.transaction() as db:
        reconciler.compute.volume.attachments.complete_attach(db, attachment.id, now)
        instance_actions.finish_actions(db, reconciler.server.id, now)


def _fail_attach(reconciler: ServerReconciler, attachment: Attachment) -> None:
    now = reconciler.job.clock.now()
    with reconciler.job.transaction() as db:
        reconciler.compute.volume.attachments.fail_attach(db, attachment.id, now)
        instance_actions.finish_actions(db, reconciler.server.id, now, ACTION_FAILED)


def _finish_detach(reconciler: ServerReconciler, attachment: Attachment) -> None:
    now = reconciler.job.clock.now()
    with reconciler.job.transaction() as db:
        reconciler.compute.volume.attachments.complete_detach(db, attachment.id, now)
        instance_actions.finish_actions(db, reconciler.server.id, now)
