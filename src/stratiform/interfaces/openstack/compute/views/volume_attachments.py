"""Volume attachments of servers."""

from stratiform.interfaces.openstack.compute.schemas import volume_attachments as schemas
from stratiform.services.volume.model import Attachment


def volume_attachment(attachment: Attachment) -> schemas.VolumeAttachment:
    return schemas.VolumeAttachment(
        volume_id=attachment.volume_id,
        server_id=attachment.server_id,
        device=attachment.device,
        id=attachment.volume_id,
        attachment_id=attachment.id,
        bdm_uuid=attachment.id,
        tag=attachment.tag,
        delete_on_termination=attachment.delete_on_termination,
    )
