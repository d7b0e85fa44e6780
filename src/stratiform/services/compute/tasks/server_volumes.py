"""Volumes of a server that is created: they are ready before the server is created in its cloud."""

from stratiform.contract.errors import RequestRejected
from stratiform.kit.database import Connection
from stratiform.services.compute.tasks.server_reconciler import ServerReconciler
from stratiform.services.volume.service import VolumeService

#: Statuses of a volume that can be attached now.
_READY = ("attaching", "in-use")


def prepare_volumes(reconciler: ServerReconciler) -> bool:
    """Reserve the volumes of a new server. Return False until all of them are created.

    Raises: RequestRejected if a volume failed or was deleted.
    """
    attachments, now = reconciler.compute.volume.attachments, reconciler.job.clock.now()
    is_ready = True
    with reconciler.job.transaction() as db:
        for attachment in attachments.list_by_server(db, reconciler.server.id):
            volume = attachments.prepare_attach(db, attachment, now)
            if volume is None or volume.status.startswith("error"):
                status = "deleted" if volume is None else volume.status
                raise RequestRejected(
                    f"Build of instance {reconciler.server.id} aborted: Volume {attachment.volume_id} did not finish "
                    f"being created. And its status is {status}."
                )
            is_ready = is_ready and volume.status in _READY
    return is_ready


def find_boot_volume_id(volumes: VolumeService, db: Connection, server_id: str) -> str:
    """Return the native id of the volume that a server boots from; "" if it boots from an image."""
    for attachment in volumes.attachments.list_by_server(db, server_id):
        if attachment.is_root:
            return volumes.attachments.get_native_volume_id(db, attachment.volume_id)
    return ""
