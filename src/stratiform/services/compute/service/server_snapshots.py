"""Images and backups of servers. Source: Compute API reference, "Create Image" and "Create Server Back Up"."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, OverLimit
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute.model.block_devices import IMAGE_PROPERTY, BlockDevice, build_image_property
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.model.validation import validate_metadata
from stratiform.services.compute.service import action_table
from stratiform.services.compute.service.server_images import build_snapshot_properties
from stratiform.services.compute.service.server_transitions import (
    apply_action,
    get_server_for_action,
    get_server_for_supported_action,
    require_supported,
)
from stratiform.services.image.service import ImageService
from stratiform.services.volume.errors import QuotaExceeded
from stratiform.services.volume.model import Attachment, NewSnapshot
from stratiform.services.volume.service import VolumeService


@dataclass(frozen=True, slots=True)
class ServerSnapshots:
    """Operations of `/servers/{server_id}/action`.

    Each raises ServerNotFound, Forbidden, ServerLocked, InvalidServerState; UnsupportedOperation if the cloud lacks it.
    """

    ids: Ids
    clouds: CloudsService
    image: ImageService
    volume: VolumeService

    def create_image(self, ctx: RequestContext, server_id: str, name: str, metadata: Mapping[str, str]) -> str:
        """Start to create an image. Return its id. Raises InvalidField, OverLimit for metadata."""
        validate_metadata(metadata)
        server = get_server_for_action(ctx, action_table.CREATE_IMAGE, server_id)
        if server.is_volume_backed:
            return self._create_image_of_volumes(ctx, server, name, metadata)
        require_supported(ctx, self.clouds, action_table.CREATE_IMAGE, server)
        properties = {**build_snapshot_properties(server), "image_type": "snapshot", **metadata}
        image = self.image.server_images.create(ctx, server.project_id, name, properties)
        apply_action(ctx, self.ids, action_table.CREATE_IMAGE, server, task_arguments={"image_id": image.id})
        return image.id

    def create_backup(
        self,
        ctx: RequestContext,
        server_id: str,
        name: str,
        backup_type: str,
        rotation: int,
        metadata: Mapping[str, str],
    ) -> str:
        """Start to create a backup. Return its id. The `rotation` newest backups of the type are kept.

        Raises: Invalid for a server that boots from a volume.
        """
        validate_metadata(metadata)
        server = get_server_for_supported_action(ctx, self.clouds, action_table.CREATE_BACKUP, server_id)
        if not server.image_id:
            raise Invalid("Backup is not supported for volume-backed instances.")
        properties = {**build_snapshot_properties(server), "image_type": "backup", "backup_type": backup_type}
        image = self.image.server_images.create(ctx, server.project_id, name, {**properties, **metadata})
        arguments = {"image_id": image.id, "backup_type": backup_type, "rotation": str(rotation)}
        apply_action(ctx, self.ids, action_table.CREATE_BACKUP, server, task_arguments=arguments)
        return image.id

    def _create_image_of_volumes(
        self, ctx: RequestContext, server: Server, name: str, metadata: Mapping[str, str]
    ) -> str:
        """Take a snapshot of each volume, and create an image without data that refers to them. Return its id."""
        attachments = self.volume.attachments.list_by_server(ctx.db, server.id)
        devices = [self._take_snapshot(ctx, item, name) for item in attachments if item.state == "attached"]
        properties = {
            **build_snapshot_properties(server),
            "base_image_ref": "",
            "image_type": "snapshot",
            "root_device_name": "/dev/vda",
            "bdm_v2": "True",
            IMAGE_PROPERTY: build_image_property(devices),
            **metadata,
        }
        image = self.image.server_images.create(ctx, server.project_id, name, properties, status="active")
        apply_action(ctx, self.ids, action_table.CREATE_VOLUME_IMAGE, server)
        return image.id

    def _take_snapshot(self, ctx: RequestContext, attachment: Attachment, name: str) -> BlockDevice:
        """Raises OverLimit, InvalidVolume, UnsupportedOperation."""
        new = NewSnapshot(attachment.volume_id, f"snapshot for {name}"[:255], allow_in_use=True)
        try:
            snapshot = self.volume.snapshots.create(ctx, new)
        except QuotaExceeded as error:
            raise OverLimit(error.message) from error
        return BlockDevice(
            source_type="snapshot",
            destination_type="volume",
            source_id=snapshot.id,
            boot_index=attachment.boot_index,
            size_gib=snapshot.size_gib,
            delete_on_termination=attachment.delete_on_termination,
            device=attachment.device,
            tag=attachment.tag,
        )
