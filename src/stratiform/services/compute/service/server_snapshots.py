"""Images and backups of servers. Source: Compute API reference, "Create Image" and "Create Server Back Up"."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute.model.validation import validate_metadata
from stratiform.services.compute.service import action_table
from stratiform.services.compute.service.server_images import build_snapshot_properties
from stratiform.services.compute.service.server_transitions import apply_action, get_server_for_supported_action
from stratiform.services.image.service import ImageService


@dataclass(frozen=True, slots=True)
class ServerSnapshots:
    """Operations of `/servers/{server_id}/action`.

    Each raises ServerNotFound, Forbidden, ServerLocked, InvalidServerState; UnsupportedOperation if the cloud lacks it.
    """

    ids: Ids
    clouds: CloudsService
    image: ImageService

    def create_image(self, ctx: RequestContext, server_id: str, name: str, metadata: Mapping[str, str]) -> str:
        """Start to create an image. Return its id. Raises InvalidField, OverLimit for metadata."""
        validate_metadata(metadata)
        server = get_server_for_supported_action(ctx, self.clouds, action_table.CREATE_IMAGE, server_id)
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
