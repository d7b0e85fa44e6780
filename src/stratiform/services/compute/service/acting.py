"""The verbs that ask something of a server: each checks the state, writes what is wanted, and returns."""

from dataclasses import replace
from typing import Any

from stratiform.contract.errors import NativeNotFound, NotSupported
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.services.compute import events
from stratiform.services.compute.errors import FlavorNotFound, InvalidField
from stratiform.services.compute.model.flavor import Flavor
from stratiform.services.compute.model.server import (
    ACTIVE,
    ERROR,
    NONE,
    POWERING_OFF,
    POWERING_ON,
    REBOOT_STARTED,
    REBOOTING,
    REBOOTING_HARD,
    REBUILDING,
    RESIZE_PREP,
    RESIZE_REVERTING,
    RESIZED,
    STOPPED,
    Server,
    check_metadata,
    fault,
)
from stratiform.services.compute.policy import policy
from stratiform.services.compute.repository import catalog, servers
from stratiform.services.compute.service.creating import Creating, image_facts
from stratiform.services.compute.service.parts import check_state

_SERVERS = "os_compute_api:servers:"
_LOCK = "os_compute_api:os-lock-server:"


class Acting(Creating):
    """What may be asked of a server that exists."""

    __slots__ = ()

    def start(self, ctx: RequestContext, server_id: str) -> None:
        server = self.held(ctx, _SERVERS + "start", server_id)
        check_state("start", server, (STOPPED,))
        self.start_task(ctx, server, "start", events.POWER_ON_START, task_state=POWERING_ON, power_on=True)

    def stop(self, ctx: RequestContext, server_id: str) -> None:
        server = self.held(ctx, _SERVERS + "stop", server_id)
        check_state("stop", server, (ACTIVE, ERROR))
        _has_machine("stop", server)
        self.start_task(ctx, server, "stop", events.POWER_OFF_START, task_state=POWERING_OFF, power_on=False)

    def reboot(self, ctx: RequestContext, server_id: str, *, hard: bool) -> None:
        """A hard one also starts a server that is stopped, and may follow a soft one that hangs."""
        server = self.held(ctx, _SERVERS + "reboot", server_id)
        states = (ACTIVE, STOPPED, ERROR) if hard else (ACTIVE,)
        check_state("reboot", server, states, (NONE, REBOOTING, REBOOT_STARTED) if hard else (NONE,))
        _has_machine("reboot", server)
        task = REBOOTING_HARD if hard else REBOOTING
        self.start_task(ctx, server, "reboot", events.REBOOT_START, task_state=task, power_on=True)

    def resize(self, ctx: RequestContext, server_id: str, flavor_id: str) -> None:
        """Raises Invalid for an unknown flavor, or the one that it has."""
        server = self.held(ctx, _SERVERS + "resize", server_id)
        check_state("resize", server, (ACTIVE, STOPPED))
        flavor = catalog.flavor(ctx.db, flavor_id, server.project_id, every=ctx.caller.is_admin)
        if flavor is None:
            raise Invalid(FlavorNotFound(flavor_id).message)
        if flavor.id == server.flavor_id:
            raise Invalid("When resizing, instances must change flavor!")
        if flavor.disk < server.flavor["disk"]:
            raise Invalid("Resize to a smaller disk is not possible: the flavor's disk is too small.")
        self.start_task(
            ctx, server, "resize", events.RESIZE_START, task_state=RESIZE_PREP, new_flavor=flavor.snapshot()
        )

    def confirm_resize(self, ctx: RequestContext, server_id: str) -> None:
        """Done at once: the new size is in the cloud already."""
        server = self.held(ctx, _SERVERS + "confirm_resize", server_id)
        check_state("confirmResize", server, (RESIZED,))
        changed = replace(server, vm_state=ACTIVE if server.power_on else STOPPED, old_flavor=None, updated_at=ctx.now)
        servers.save(ctx.db, changed)
        self.note(ctx, server, "confirmResize", finished=True)
        events.post(ctx.db, self.ids, events.CONFIRM_END, changed, ctx.now)

    def revert_resize(self, ctx: RequestContext, server_id: str) -> None:
        server = self.held(ctx, _SERVERS + "revert_resize", server_id)
        check_state("revertResize", server, (RESIZED,))
        self.start_task(
            ctx,
            server,
            "revertResize",
            events.REVERT_START,
            task_state=RESIZE_REVERTING,
            new_flavor=server.old_flavor,
        )

    def rebuild(self, ctx: RequestContext, server_id: str, image_id: str, changes: dict[str, Any]) -> Server:
        """Put an image on the first disk; `changes` may set name, description, metadata, hostname, key and so on."""
        server = self.held(ctx, _SERVERS + "rebuild", server_id)
        check_state("rebuild", server, (ACTIVE, STOPPED, ERROR))
        _has_machine("rebuild", server)
        check_metadata(changes.get("metadata", {}))
        image = self.fitting_image(ctx, image_id, _as_flavor(server.flavor))
        if "key_name" in changes:
            changes = {**changes, "public_key": self._public_key(ctx, changes["key_name"])}
        return self.start_task(
            ctx,
            server,
            "rebuild",
            events.REBUILD_START,
            task_state=REBUILDING,
            image_id=image.id,
            image=image_facts(image),
            fault=None,
            **changes,
        )

    def lock(self, ctx: RequestContext, server_id: str, reason: str | None = None) -> None:
        server = self.held(ctx, _LOCK + "lock", server_id, despite_lock=True)
        by = "admin" if ctx.caller.is_admin and ctx.caller.project_id != server.project_id else "owner"
        self._now(ctx, server, "lock", locked=True, locked_by=by, locked_reason=reason)

    def unlock(self, ctx: RequestContext, server_id: str) -> None:
        """What the operator has locked only the operator unlocks. Raises Forbidden."""
        server = self.held(ctx, _LOCK + "unlock", server_id, despite_lock=True)
        if server.locked_by == "admin":
            policy.require(ctx.caller, _LOCK + "unlock:unlock_override", server.project_id)
        self._now(ctx, server, "unlock", locked=False, locked_by="", locked_reason=None)

    def reset_state(self, ctx: RequestContext, server_id: str, state: str) -> None:
        """The operator says what the server is in; nothing is asked of the cloud."""
        server = self.held(ctx, "os_compute_api:os-admin-actions:reset_state", server_id)
        check_state("reset_state", server, None, _ANY_BUT_DELETING)
        shown = fault(500, "The state was set by the operator.", ctx.now) if state == ERROR else None
        self._now(ctx, server, "os-resetState", vm_state=state, task_state=NONE, new_flavor=None, fault=shown)

    def change_security_group(self, ctx: RequestContext, server_id: str, name: str, *, add: bool) -> None:
        """Remember which groups a server is in. Raises Conflict, NotFound as Nova does."""
        server = self.held(ctx, f"os_compute_api:os-security-groups:{'add' if add else 'remove'}", server_id)
        if not name.strip():
            raise InvalidField("name", name, "The name of a security group can't be empty.")
        name = self.group_name(ctx, server.project_id, name)
        if add and name in server.security_groups:
            raise Conflict(f"Security group {name} is already associated with the instance {server_id}")
        if not add and name not in server.security_groups:
            raise NotFound(f"Security group {name} not associated with the instance {server_id}")
        others = [other for other in server.security_groups if other != name]
        action = "addSecurityGroup" if add else "removeSecurityGroup"
        self._now(ctx, server, action, security_groups=[*others, name] if add else others)

    def console_of(self, ctx: RequestContext, server_id: str) -> Server:
        """A server whose console may be read, with `read_console` after the call. Raises Conflict without a machine."""
        server = self.seen(ctx, "os_compute_api:os-console-output", server_id)
        if not server.native_id or server.lost:
            raise Conflict(f"Instance {server_id} is not ready")
        return server

    def read_console(self, server: Server, length: int | None) -> str:
        """What the machine has written, the last `length` lines of it. Not inside a transaction: the cloud is asked."""
        cloud = self.clouds.connections.get(server.cloud_id).compute
        if cloud is None:
            raise NotSupported(f"Cloud {server.cloud_name} has no machines.")
        try:
            text = cloud.console(server.native_id)
        except NativeNotFound as error:
            raise Conflict(f"Instance {server.id} is not ready") from error
        if length is None or length < 0:
            return text
        return "".join(text.splitlines(keepends=True)[-length:]) if length else ""

    def _now(self, ctx: RequestContext, server: Server, action: str, **values: Any) -> None:
        """A change that is done when it is written."""
        changed = servers.save(ctx.db, replace(server, updated_at=ctx.now, **values))
        self.note(ctx, server, action, finished=True)
        events.post(ctx.db, self.ids, events.UPDATE, changed, ctx.now, **events.changed(server))


#: Every task that a reset may cut short.
_ANY_BUT_DELETING = frozenset(
    {
        NONE,
        "scheduling",
        POWERING_OFF,
        POWERING_ON,
        REBOOTING,
        REBOOTING_HARD,
        REBOOT_STARTED,
        "reboot_started_hard",
        RESIZE_PREP,
        "resize_finish",
        RESIZE_REVERTING,
        REBUILDING,
        "rebuild_spawning",
    }
)


def _has_machine(action: str, server: Server) -> None:
    """Raises Conflict where the cloud has no machine that anything could be done to."""
    if not server.native_id or server.lost:
        raise Conflict(f"Cannot '{action}' instance {server.id}: there is no machine for it in the cloud.")


def _as_flavor(snapshot: dict[str, Any]) -> Flavor:
    return Flavor(snapshot["id"], snapshot["name"], snapshot["vcpus"], snapshot["ram"], snapshot["disk"])
