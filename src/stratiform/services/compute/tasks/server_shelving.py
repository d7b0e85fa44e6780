"""Steps that shelve a server (image, then deletion in its cloud) and create it again."""

from stratiform.contract.compute import NativeServer, NativeServerState
from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.kit.errors import Fault
from stratiform.kit.work_queue import Requeue
from stratiform.services.compute import events
from stratiform.services.compute.model.task_states import SHELVING_OFFLOADING
from stratiform.services.compute.model.vm_states import ACTIVE, SHELVED, SHELVED_OFFLOADED
from stratiform.services.compute.tasks.server_creation import TEMPORARY_ERRORS, build_server_spec
from stratiform.services.compute.tasks.server_images import complete_image, delete_image, reject_image, request_image
from stratiform.services.compute.tasks.server_reconciler import ServerReconciler


def shelve_server(reconciler: ServerReconciler) -> Requeue | None:
    """Stop the server, and create its image until that is ready."""
    native = reconciler.find_native_server()
    if native is None:
        delete_image(reconciler)
        return reconciler.mark_lost()
    try:
        if native.state is NativeServerState.RUNNING:
            reconciler.cloud.stop(native.id)
        if native.state in (NativeServerState.RUNNING, NativeServerState.STOPPING, NativeServerState.BUILDING):
            return reconciler.requeue_soon()
        image = request_image(reconciler, native)
    except CloudUnreachable:
        raise
    except CloudError as error:
        return reject_image(reconciler, error)
    if not image.is_ready:
        return reconciler.requeue_soon()
    complete_image(reconciler, image)
    return reconciler.save_and_continue(
        (events.SHELVE_END, events.SHELVE_OFFLOAD_START),
        task_state=SHELVING_OFFLOADING,
        vm_state=SHELVED,
        shelved_image_id=reconciler.server.task_arguments["image_id"],
        task_arguments={},
    )


def offload_server(reconciler: ServerReconciler) -> Requeue | None:
    """Delete the server in its cloud; its row, addresses and volume attachments stay."""
    native = reconciler.find_native_server()
    if native is None:
        return reconciler.complete_action(events.SHELVE_OFFLOAD_END, None, vm_state=SHELVED_OFFLOADED)
    if native.state is not NativeServerState.DELETING:
        reconciler.cloud.delete(native.id)
    return reconciler.requeue_soon()


def unshelve_server(reconciler: ServerReconciler) -> Requeue | None:
    """Create the server from its image (or start it, if it still exists), until it runs with its volumes."""
    try:
        native = _find_or_create(reconciler)
        if native.state is NativeServerState.STOPPED:
            reconciler.cloud.start(native.id)
        if native.state is NativeServerState.ERROR:
            return reconciler.fail_action(native.fault or "The cloud could not start the server.", native_id=native.id)
        if native.state is not NativeServerState.RUNNING:
            return reconciler.record_native_id(native)
        _attach_volumes(reconciler, native)
    except TEMPORARY_ERRORS:
        raise
    except Fault as error:
        return reconciler.reject_action(error)
    _delete_shelved_image(reconciler)
    return reconciler.complete_action(events.UNSHELVE_END, native, vm_state=ACTIVE, shelved_image_id="")


def _find_or_create(reconciler: ServerReconciler) -> NativeServer:
    native = reconciler.find_native_server() if reconciler.server.native_id else None
    return native or reconciler.cloud.create(build_server_spec(reconciler))


def _attach_volumes(reconciler: ServerReconciler, native: NativeServer) -> None:
    attachments = reconciler.compute.volume.attachments
    with reconciler.job.database.read_transaction() as db:
        attached = [
            (attachments.get_native_volume_id(db, attachment.volume_id), attachment.device)
            for attachment in attachments.list_by_server(db, reconciler.server.id)
            if attachment.state == "attached" and not attachment.is_root
        ]
    for native_volume_id, device in attached:
        reconciler.cloud.attach_volume(native.id, native_volume_id, device)


def _delete_shelved_image(reconciler: ServerReconciler) -> None:
    job, image_id = reconciler.job, reconciler.server.shelved_image_id
    if image_id:
        with job.transaction() as db:
            reconciler.compute.image.server_images.delete(db, image_id, job.clock.now())
