"""The step of a server that is at rest: bring the volumes that were asked for, take away those that should go."""

from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.kit.work import Requeue
from stratiform.services.compute.repository import servers
from stratiform.services.compute.tasks.look import FAILED, Look
from stratiform.services.volume.model import Attachment


def settle(look: Look) -> Requeue | None:
    """Each attachment on its own, so that one that can't be does not hold up the others."""
    with look.job.database.snapshot() as db:
        moving = [
            one
            for one in look.service.volumes.attachments.list_by_server(db, look.server.id)
            if one.state != "attached"
        ]
        disks = {one.id: look.service.volumes.attachments.native_volume_id(db, one.volume_id) for one in moving}
    for attachment in moving:
        if attachment.state == "attaching":
            _attach(look, attachment, disks[attachment.id])
        else:
            _detach(look, attachment, disks[attachment.id])
    return None


def _attach(look: Look, attachment: Attachment, disk: str) -> None:
    if not look.server.native_id or look.server.lost or not disk:
        _over(look, attachment, attached=False, message=FAILED)
        return
    try:
        look.cloud.attach(look.server.native_id, disk, attachment.device)
    except CloudUnreachable:
        raise
    except CloudError:
        _over(look, attachment, attached=False, message=FAILED)
        return
    _over(look, attachment, attached=True)


def _detach(look: Look, attachment: Attachment, disk: str) -> None:
    if look.server.native_id and disk:
        look.cloud.detach(look.server.native_id, disk)
    _over(look, attachment, attached=False)


def _over(look: Look, attachment: Attachment, *, attached: bool, message: str | None = None) -> None:
    now, service = look.job.clock.now(), look.service
    with look.job.apply() as db:
        if attached:
            service.volumes.attachments.complete_attach(db, attachment.id, now)
        else:
            service.volumes.attachments.detach(db, attachment.id, now)
        servers.finish_actions(db, look.server.id, now, message)
