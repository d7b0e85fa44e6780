"""The step of a server without an action in progress: attach and detach its volumes."""

from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.kit.work_queue import Requeue
from stratiform.services.compute.repository import instance_actions
from stratiform.services.compute.tasks.server_reconciler import ACTION_FAILED, ServerReconciler
from stratiform.services.volume.model import Attachment


def reconcile_attachments(reconciler: ServerReconciler) -> Requeue | None:
    """Attach and detach volumes; one that fails does not delay the others."""
    volume_attachments = reconciler.compute.volume.attachments
    with reconciler.job.database.read_transaction() as db:
        attachments = [a for a in volume_attachments.list_by_server(db, reconciler.server.id) if a.state != "attached"]
        native_ids = {a.id: volume_attachments.get_native_volume_id(db, a.volume_id) for a in attachments}
    for attachment in attachments:
        if attachment.state == "attaching":
            _attach(reconciler, attachment, native_ids[attachment.id])
        else:
            _detach(reconciler, attachment, native_ids[attachment.id])
    return None


def _attach(reconciler: ServerReconciler, attachment: Attachment, native_volume_id: str) -> None:
    server = reconciler.server
    if not server.exists_in_cloud or not native_volume_id:
        _finish_detach(reconciler, attachment, message=ACTION_FAILED)
        return
    try:
        reconciler.cloud.attach_volume(server.native_id, native_volume_id, attachment.device)
    except CloudUnreachable:
        raise
    except CloudError:
        _finish_detach(reconciler, attachment, message=ACTION_FAILED)
        return
    _finish_attach(reconciler, attachment)


def _detach(reconciler: ServerReconciler, attachment: Attachment, native_volume_id: str) -> None:
    if reconciler.server.native_id and native_volume_id:
        reconciler.cloud.detach_volume(reconciler.server.native_id, native_volume_id)
    _finish_detach(reconciler, attachment)


def _finish_attach(reconciler: ServerReconciler, attachment: Attachment) -> None:
    now = reconciler.job.clock.now()
    with reconciler.job.transaction() as db:
        reconciler.compute.volume.attachments.complete_attach(db, attachment.id, now)
        instance_actions.finish_actions(db, reconciler.server.id, now)


def _finish_detach(reconciler: ServerReconciler, attachment: Attachment, message: str | None = None) -> None:
    now = reconciler.job.clock.now()
    with reconciler.job.transaction() as db:
        reconciler.compute.volume.attachments.complete_detach(db, attachment.id, now)
        instance_actions.finish_actions(db, reconciler.server.id, now, message)
