"""Server actions. Source: Compute API reference, "Servers - run an action"."""

from dataclasses import dataclass
from typing import Unpack, cast

from stratiform.contract.errors import NativeNotFound, NotSupported
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField, ServerNotReady
from stratiform.services.compute.model.servers import MutableServerFields, RebuildChanges, Server, build_server_fault
from stratiform.services.compute.model.validation import validate_metadata
from stratiform.services.compute.model.vm_states import ACTIVE, ERROR, STOPPED
from stratiform.services.compute.service import action_table
from stratiform.services.compute.service.flavors import get_flavor_for_server
from stratiform.services.compute.service.keypairs import get_public_key
from stratiform.services.compute.service.placement import Placement
from stratiform.services.compute.service.quotas import Quotas
from stratiform.services.compute.service.server_access import get_server
from stratiform.services.compute.service.server_images import (
    build_image_metadata,
    check_memory,
    get_active_image,
    get_bootable_image,
)
from stratiform.services.compute.service.server_security_groups import resolve_security_group
from stratiform.services.compute.service.server_transitions import (
    apply_action,
    get_server_for_action,
    get_server_for_supported_action,
)
from stratiform.services.image.service import ImageService
from stratiform.services.network.model import Resource
from stratiform.services.network.service import NetworkService
from stratiform.services.volume.service import VolumeService


@dataclass(frozen=True, slots=True)
class ServerActions:
    """Operations of `/servers/{server_id}/action`.

    Each raises ServerNotFound, Forbidden, ServerLocked and InvalidServerState.
    """

    ids: Ids
    clouds: CloudsService
    network: NetworkService
    image: ImageService
    volume: VolumeService
    quotas: Quotas
    placement: Placement

    def start(self, ctx: RequestContext, server_id: str) -> None:
        server = get_server_for_action(ctx, action_table.START, server_id)
        apply_action(ctx, self.ids, action_table.START, server, power_on=True)

    def stop(self, ctx: RequestContext, server_id: str) -> None:
        server = get_server_for_action(ctx, action_table.STOP, server_id)
        apply_action(ctx, self.ids, action_table.STOP, server, power_on=False)

    def reboot(self, ctx: RequestContext, server_id: str, *, hard: bool) -> None:
        """Reboot; a hard reboot also starts a stopped server, and may follow a soft reboot that does not finish."""
        action = action_table.HARD_REBOOT if hard else action_table.SOFT_REBOOT
        server = get_server_for_action(ctx, action, server_id)
        apply_action(ctx, self.ids, action, server, power_on=True)

    def resize(self, ctx: RequestContext, server_id: str, flavor_id: str, disk_config: str | None = None) -> None:
        """Start to change the flavor, and `disk_config` unless it is None.

        Raises Invalid for an unknown flavor, the current one, or one with a smaller disk; NoValidHost for one that
        requires labels that the server's cloud does not have.
        """
        server = get_server_for_action(ctx, action_table.RESIZE, server_id)
        flavor = get_flavor_for_server(ctx, flavor_id, server.project_id)
        if flavor.id == server.flavor_id:
            raise Invalid("When resizing, instances must change flavor!")
        if flavor.disk < server.flavor["disk"] and not server.is_volume_backed:
            raise Invalid("Resize to a smaller disk is not possible: the flavor's disk is too small.")
        self.placement.require_labels(ctx, server, flavor.snapshot())
        self.quotas.reserve_resize(ctx, server.project_id, server.flavor, flavor.snapshot())
        self.placement.reserve_growth(ctx, server, flavor.snapshot())
        values: MutableServerFields = {"new_flavor": flavor.snapshot()}
        if disk_config is not None:
            values["disk_config"] = disk_config
        apply_action(ctx, self.ids, action_table.RESIZE, server, **values)

    def confirm_resize(self, ctx: RequestContext, server_id: str) -> None:
        """Complete at once: the server in the cloud has its new size already."""
        server = get_server_for_action(ctx, action_table.CONFIRM_RESIZE, server_id)
        vm_state = ACTIVE if server.power_on else STOPPED
        apply_action(ctx, self.ids, action_table.CONFIRM_RESIZE, server, vm_state=vm_state, old_flavor=None)

    def revert_resize(self, ctx: RequestContext, server_id: str) -> None:
        server = get_server_for_action(ctx, action_table.REVERT_RESIZE, server_id)
        apply_action(ctx, self.ids, action_table.REVERT_RESIZE, server, new_flavor=server.old_flavor)

    def rebuild(
        self,
        ctx: RequestContext,
        server_id: str,
        image_id: str,
        *,
        allow_reimage: bool = False,
        **changes: Unpack[RebuildChanges],
    ) -> Server:
        """Write an image to the server's first disk. Raises Invalid for an unsuitable image or an unknown key pair.

        `allow_reimage`: also if that is a volume (microversion 2.93); otherwise, a volume keeps its data.
        """
        server = get_server_for_supported_action(ctx, self.clouds, action_table.REBUILD, server_id)
        validate_metadata(changes.get("metadata", {}))
        public_key = get_public_key(ctx, changes["key_name"]) if "key_name" in changes else server.public_key
        fields: MutableServerFields = {"public_key": public_key, "fault": None}
        fields.update(cast("MutableServerFields", changes))
        if server.is_volume_backed:
            reimage = self._reimage_root(ctx, server, image_id, allow_reimage=allow_reimage)
            fields["task_arguments"] = {"rebuild_image_id": image_id if reimage else ""}
        else:
            image = get_bootable_image(self.image, ctx, image_id, server.flavor)
            fields["image_id"], fields["image"] = image.id, build_image_metadata(image)
        return apply_action(ctx, self.ids, action_table.REBUILD, server, **fields)

    def _reimage_root(self, ctx: RequestContext, server: Server, image_id: str, *, allow_reimage: bool) -> bool:
        """Return True if the image is written to the root volume, and record it there. Raises Invalid."""
        root = next((a for a in self.volume.attachments.list_by_server(ctx.db, server.id) if a.is_root), None)
        if root is None:
            raise Invalid(f"Instance {server.id} has no root volume.")
        volume = self.volume.volumes.get(ctx, root.volume_id)
        if not allow_reimage:
            if volume.image_id != image_id:
                raise Invalid("Unable to rebuild with a different image for a volume-backed server.")
            return False
        image = get_active_image(self.image, ctx, image_id)
        check_memory(image.min_ram, server.flavor)
        self.volume.volumes.record_image(ctx, volume.id, image.id)
        return True

    def inject_network_info(self, ctx: RequestContext, server_id: str) -> None:
        """Accept the request of an operator: guests read their network information from the metadata service."""
        server = get_server_for_action(ctx, action_table.INJECT_NETWORK_INFO, server_id)
        apply_action(ctx, self.ids, action_table.INJECT_NETWORK_INFO, server)

    def lock(self, ctx: RequestContext, server_id: str, reason: str | None = None) -> None:
        server = get_server_for_action(ctx, action_table.LOCK, server_id)
        by_admin = ctx.caller.is_admin and ctx.caller.project_id != server.project_id
        locked_by = "admin" if by_admin else "owner"
        apply_action(ctx, self.ids, action_table.LOCK, server, locked=True, locked_by=locked_by, locked_reason=reason)

    def unlock(self, ctx: RequestContext, server_id: str) -> None:
        """Unlock; a server that an operator locked is unlocked by operators only. Raises Forbidden."""
        server = get_server_for_action(ctx, action_table.UNLOCK, server_id)
        if server.locked_by == "admin":
            policy.SERVERS_UNLOCK_OVERRIDE.require(ctx.caller, server.project_id)
        apply_action(ctx, self.ids, action_table.UNLOCK, server, locked=False, locked_by="", locked_reason=None)

    def reset_state(self, ctx: RequestContext, server_id: str, vm_state: str) -> None:
        """Set the VM state and cancel the task in progress, without any request to the cloud."""
        server = get_server_for_action(ctx, action_table.RESET_STATE, server_id)
        fault = build_server_fault(500, "The state was reset by an operator.", ctx.now) if vm_state == ERROR else None
        if "image_id" in server.task_arguments:
            self.image.server_images.delete(ctx.db, server.task_arguments["image_id"], ctx.now)
        apply_action(
            ctx,
            self.ids,
            action_table.RESET_STATE,
            server,
            vm_state=vm_state,
            new_flavor=None,
            task_arguments={},
            fault=fault,
        )

    def add_security_group(self, ctx: RequestContext, server_id: str, name_or_id: str) -> None:
        """Raises InvalidField, NotFound; Conflict if the server has the group already."""
        action = action_table.ADD_SECURITY_GROUP
        server = get_server_for_action(ctx, action, server_id)
        group = self._resolve_security_group(ctx, server, name_or_id)
        if group.name in server.security_groups:
            raise Conflict(f"Security group {group.name} is already associated with the instance {server_id}")
        self.network.server_ports.add_security_group(ctx, server_id, group.id)
        apply_action(ctx, self.ids, action, server, security_groups=[*server.security_groups, group.name])

    def remove_security_group(self, ctx: RequestContext, server_id: str, name_or_id: str) -> None:
        """Raises InvalidField, NotFound."""
        action = action_table.REMOVE_SECURITY_GROUP
        server = get_server_for_action(ctx, action, server_id)
        group = self._resolve_security_group(ctx, server, name_or_id)
        if group.name not in server.security_groups:
            raise NotFound(f"Security group {group.name} not associated with the instance {server_id}")
        self.network.server_ports.remove_security_group(ctx, server_id, group.id)
        remaining = [name for name in server.security_groups if name != group.name]
        apply_action(ctx, self.ids, action, server, security_groups=remaining)

    def get_server_with_console(self, ctx: RequestContext, server_id: str) -> Server:
        """Return a server for `read_console_output`. Raises ServerNotFound, Forbidden, ServerNotReady."""
        server = get_server(ctx, policy.SERVERS_CONSOLE_OUTPUT, server_id)
        if not server.exists_in_cloud:
            raise ServerNotReady(server_id)
        return server

    def read_console_output(self, server: Server, length: int | None) -> str:
        """Return the last `length` lines of the console (None: all). Calls the cloud: use it outside transactions.

        As in Nova, the empty text after the last line break counts as a line.
        Raises: NotSupported, ServerNotReady
        """
        compute = self.clouds.connections.get(server.cloud_id).compute
        if compute is None:
            raise NotSupported(f"Cloud {server.cloud_name} does not support servers.")
        try:
            output = compute.get_console_output(server.native_id)
        except NativeNotFound as error:
            raise ServerNotReady(server.id) from error
        if length is None or length < 0:
            return output
        return "\n".join(output.split("\n")[-length:]) if length else ""

    def _resolve_security_group(self, ctx: RequestContext, server: Server, name_or_id: str) -> Resource:
        if not name_or_id.strip():
            raise InvalidField("name", name_or_id, "The name of a security group cannot be empty.")
        return resolve_security_group(self.network, ctx, server.project_id, name_or_id)
