"""Actions that change the state of a server. Source: Compute API reference, "Servers - run an action"."""

from dataclasses import dataclass

from stratiform.contract.compute import ComputeDriver
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute.errors import NoValidHost, ServerNotReady
from stratiform.services.compute.model.servers import MutableServerFields, Server
from stratiform.services.compute.model.vm_states import SHELVED_OFFLOADED
from stratiform.services.compute.service import action_table
from stratiform.services.compute.service.action_table import ServerAction
from stratiform.services.compute.service.server_images import build_snapshot_properties, get_bootable_image
from stratiform.services.compute.service.server_transitions import (
    apply_action,
    get_server_for_action,
    get_server_for_supported_action,
    require_supported,
)
from stratiform.services.image.service import ImageService


@dataclass(frozen=True, slots=True)
class ServerStateActions:
    """Operations of `/servers/{server_id}/action`.

    Each raises ServerNotFound, Forbidden, ServerLocked, InvalidServerState; UnsupportedOperation if the cloud lacks it.
    """

    ids: Ids
    clouds: CloudsService
    image: ImageService

    def pause(self, ctx: RequestContext, server_id: str) -> None:
        self._start(ctx, action_table.PAUSE, server_id)

    def unpause(self, ctx: RequestContext, server_id: str) -> None:
        self._start(ctx, action_table.UNPAUSE, server_id)

    def suspend(self, ctx: RequestContext, server_id: str) -> None:
        self._start(ctx, action_table.SUSPEND, server_id)

    def resume(self, ctx: RequestContext, server_id: str) -> None:
        self._start(ctx, action_table.RESUME, server_id)

    def rescue(self, ctx: RequestContext, server_id: str, image_id: str = "", *, allow_volumes: bool = False) -> None:
        """Boot from a rescue image, by default the server's own. Raises Invalid for an unsuitable image.

        `allow_volumes`: also a server whose root disk is a volume (microversion 2.87), which needs a rescue image.
        """
        server = get_server_for_supported_action(ctx, self.clouds, action_table.RESCUE, server_id)
        image_id = image_id or server.image_id
        if not image_id or (server.is_volume_backed and not allow_volumes):
            raise Invalid(f"Instance {server_id} cannot be rescued: Cannot rescue a volume-backed instance")
        get_bootable_image(self.image, ctx, image_id, server.flavor)
        apply_action(ctx, self.ids, action_table.RESCUE, server, task_arguments={"rescue_image_id": image_id})

    def unrescue(self, ctx: RequestContext, server_id: str) -> None:
        self._start(ctx, action_table.UNRESCUE, server_id)

    def shelve(self, ctx: RequestContext, server_id: str) -> None:
        """Store the server as an image, and delete it in its cloud. Its addresses and volumes stay reserved."""
        server = get_server_for_action(ctx, action_table.SHELVE, server_id)
        if server.is_volume_backed:  # the root volume stays, so no image is needed
            apply_action(ctx, self.ids, action_table.SHELVE_VOLUME_BACKED, server)
            return
        require_supported(ctx, self.clouds, action_table.SHELVE, server)
        properties = {**build_snapshot_properties(server), "image_type": "snapshot"}
        image = self.image.server_images.create(ctx, server.project_id, f"{server.name}-shelved"[:255], properties)
        apply_action(ctx, self.ids, action_table.SHELVE, server, task_arguments={"image_id": image.id})

    def shelve_offload(self, ctx: RequestContext, server_id: str) -> None:
        self._start(ctx, action_table.SHELVE_OFFLOAD, server_id)

    def unshelve(self, ctx: RequestContext, server_id: str, zone: str | None = None, *, repin: bool = False) -> None:
        """Create a shelved server again. `repin`: in `zone`, or (None) in any zone of its cloud.

        Raises: Invalid for a zone of another cloud; InvalidServerState.
        """
        server = get_server_for_action(ctx, action_table.UNSHELVE, server_id)
        changes: MutableServerFields = {"power_on": True}
        if repin:
            changes |= self._move(ctx, server, zone)
        apply_action(ctx, self.ids, action_table.UNSHELVE, server, **changes)

    def restore(self, ctx: RequestContext, server_id: str) -> None:
        """Restore a server that was deleted less than `reclaim_instance_interval` ago."""
        server = get_server_for_action(ctx, action_table.RESTORE, server_id)
        apply_action(ctx, self.ids, action_table.RESTORE, server, power_on=True)

    def migrate(self, ctx: RequestContext, server_id: str) -> None:
        """Raises NoValidHost: each cloud counts as one host, and selects its own hosts."""
        get_server_for_action(ctx, action_table.MIGRATE, server_id)
        raise NoValidHost

    def migrate_live(self, ctx: RequestContext, server_id: str) -> None:
        """Raises NoValidHost, as `migrate`."""
        get_server_for_action(ctx, action_table.LIVE_MIGRATE, server_id)
        raise NoValidHost

    def evacuate(self, ctx: RequestContext, server_id: str) -> None:
        """Raises Invalid: the host, which is a cloud, is in use."""
        server = get_server_for_action(ctx, action_table.EVACUATE, server_id)
        raise Invalid(f"Compute service of {server.cloud_name} is still in use.")

    def get_server_for_call(self, ctx: RequestContext, action: ServerAction, server_id: str) -> Server:
        """Return a server for `set_password` or `trigger_crash_dump`."""
        return get_server_for_supported_action(ctx, self.clouds, action, server_id)

    def set_password(self, server: Server, password: str) -> None:
        """Set the administrator's password, which is not stored. Calls the cloud: use it outside transactions.

        Raises: Conflict, ServerNotReady, NotSupported
        """
        try:
            self._get_driver(server).set_password(server.native_id, password)
        except NativeNotFound as error:
            raise ServerNotReady(server.id) from error
        except RequestRejected as error:
            raise Conflict(f"Failed to set admin password on {server.id}: {error.message}") from error

    def trigger_crash_dump(self, server: Server) -> None:
        """Calls the cloud: use it outside transactions. Raises Conflict, ServerNotReady, NotSupported."""
        try:
            self._get_driver(server).trigger_crash_dump(server.native_id)
        except NativeNotFound as error:
            raise ServerNotReady(server.id) from error
        except RequestRejected as error:
            raise Conflict(f"Cannot 'trigger_crash_dump' instance {server.id}: {error.message}") from error

    def record_call(self, ctx: RequestContext, action: ServerAction, server_id: str) -> None:
        """Record an instance action that a call to the cloud has completed."""
        server = get_server_for_action(ctx, action, server_id)
        apply_action(ctx, self.ids, action, server)

    def _start(self, ctx: RequestContext, action: ServerAction, server_id: str) -> None:
        server = get_server_for_supported_action(ctx, self.clouds, action, server_id)
        apply_action(ctx, self.ids, action, server)

    def _move(self, ctx: RequestContext, server: Server, zone: str | None) -> MutableServerFields:
        if server.vm_state != SHELVED_OFFLOADED:
            raise Conflict(
                "The requested availability zone can only be specified for a server in vm_state shelved_offloaded; "
                f"instance {server.id} is in vm_state {server.vm_state}"
            )
        if zone is None:
            return {"pinned_zone": None}
        binding = self.clouds.bindings.resolve_zone(ctx.db, server.project_id, zone, server.cloud_id)
        if binding.cloud_id != server.cloud_id:
            raise Invalid(f"The image of instance {server.id} exists in cloud {server.cloud_name} only.")
        return {"pinned_zone": zone, "zone": binding.zone, "native_zone": binding.native_zone}

    def _get_driver(self, server: Server) -> ComputeDriver:
        driver = self.clouds.connections.get(server.cloud_id).compute
        if driver is None:
            raise NotSupported(f"Cloud {server.cloud_name} does not support servers.")
        return driver
