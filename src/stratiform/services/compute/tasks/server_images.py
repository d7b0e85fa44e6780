"""Steps that create images and backups of a server."""

from stratiform.contract.compute import NativeServer
from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.contract.image import NativeImage
from stratiform.kit.errors import Fault
from stratiform.kit.work_queue import Requeue
from stratiform.services.compute import events
from stratiform.services.compute.tasks.server_reconciler import ServerReconciler


def create_image(reconciler: ServerReconciler) -> Requeue | None:
    """Create an image until it is ready, and delete the backups that it replaces."""
    native = reconciler.find_native_server()
    if native is None:
        delete_image(reconciler)
        return reconciler.mark_lost()
    try:
        image = request_image(reconciler, native)
    except CloudUnreachable:
        raise
    except CloudError as error:
        return reject_image(reconciler, error)
    if not image.is_ready:
        return reconciler.requeue_soon()
    complete_image(reconciler, image)
    _delete_old_backups(reconciler)
    return reconciler.complete_action(events.SNAPSHOT_END, native)


def request_image(reconciler: ServerReconciler, native: NativeServer) -> NativeImage:
    """Request the image of the action in progress; repeated requests create it once."""
    image_id = reconciler.server.task_arguments["image_id"]
    return reconciler.cloud.create_image(native.id, image_id, reconciler.server.name)


def complete_image(reconciler: ServerReconciler, image: NativeImage) -> None:
    server, job = reconciler.server, reconciler.job
    with job.transaction() as db:
        native_images = reconciler.compute.image.native_images
        native_images.complete(db, server.task_arguments["image_id"], server.cloud_id, image, job.clock.now())


def delete_image(reconciler: ServerReconciler) -> None:
    """Delete the image of an action that failed."""
    job = reconciler.job
    with job.transaction() as db:
        image_id = reconciler.server.task_arguments["image_id"]
        reconciler.compute.image.server_images.delete(db, image_id, job.clock.now())


def reject_image(reconciler: ServerReconciler, error: Fault) -> Requeue | None:
    """The cloud rejected the image: the server stays as it was."""
    delete_image(reconciler)
    return reconciler.reject_action(error)


def _delete_old_backups(reconciler: ServerReconciler) -> None:
    """Delete all but the `rotation` newest backups of the same type."""
    server, job = reconciler.server, reconciler.job
    rotation = server.task_arguments.get("rotation")
    if rotation is None:
        return
    server_images = reconciler.compute.image.server_images
    with job.transaction() as db:
        backups = server_images.list_backups(db, server.project_id, server.id, server.task_arguments["backup_type"])
        for backup in backups[int(rotation) :]:
            server_images.delete(db, backup.id, job.clock.now())
