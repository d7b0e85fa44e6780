"""Server actions: one row for each, with its policy rule, the states that allow it, and what it starts.

To add an action: a row here, a method of `ServerActions`, and a step for its task state in `tasks.reconcile_handler`.
"""

from dataclasses import dataclass

from stratiform.kit.errors import Conflict
from stratiform.kit.policy import Rule
from stratiform.services.compute import events, policy
from stratiform.services.compute.errors import InvalidServerState
from stratiform.services.compute.model import task_states
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.model.task_states import DELETING, NONE
from stratiform.services.compute.model.vm_states import ACTIVE, ERROR, RESIZED, STOPPED


@dataclass(frozen=True, slots=True)
class ServerAction:
    """An action on a server.

    `name` appears in errors and in the list of instance actions. `vm_states` and `task_states` are the states that
    allow it (None: any). `task_state` is set when it starts (None: unchanged), and `event_type` is notified then
    (empty: nothing). `immediate`: complete as soon as it is recorded, without work in the cloud.
    """

    name: str
    rule: Rule
    vm_states: tuple[str, ...] | None = None
    task_states: frozenset[str] | None = frozenset({NONE})
    task_state: str | None = None
    event_type: str = events.UPDATE
    immediate: bool = False
    allowed_if_locked: bool = False
    requires_cloud_server: bool = False

    def require_allowed(self, server: Server) -> None:
        """Raises InvalidServerState; Conflict if the action needs a server in the cloud and there is none."""
        if self.vm_states is not None and server.vm_state not in self.vm_states:
            raise InvalidServerState(self.name, server.id, "vm_state", server.vm_state)
        if self.task_states is not None and server.task_state not in self.task_states:
            raise InvalidServerState(self.name, server.id, "task_state", server.task_state)
        if self.requires_cloud_server and not server.exists_in_cloud:
            raise Conflict(f"Cannot '{self.name}' instance {server.id}: it does not exist in its cloud.")


DELETE = ServerAction(
    "delete", policy.SERVERS_DELETE, task_states=None, task_state=DELETING, event_type=events.DELETE_START
)
START = ServerAction(
    "start",
    policy.SERVERS_START,
    vm_states=(STOPPED,),
    task_state=task_states.POWERING_ON,
    event_type=events.POWER_ON_START,
)
STOP = ServerAction(
    "stop",
    policy.SERVERS_STOP,
    vm_states=(ACTIVE, ERROR),
    task_state=task_states.POWERING_OFF,
    event_type=events.POWER_OFF_START,
    requires_cloud_server=True,
)
SOFT_REBOOT = ServerAction(
    "reboot",
    policy.SERVERS_REBOOT,
    vm_states=(ACTIVE,),
    task_state=task_states.REBOOTING,
    event_type=events.REBOOT_START,
    requires_cloud_server=True,
)
HARD_REBOOT = ServerAction(
    "reboot",
    policy.SERVERS_REBOOT,
    vm_states=(ACTIVE, STOPPED, ERROR),
    task_states=frozenset({NONE, task_states.REBOOTING, task_states.REBOOT_STARTED}),
    task_state=task_states.REBOOTING_HARD,
    event_type=events.REBOOT_START,
    requires_cloud_server=True,
)
RESIZE = ServerAction(
    "resize",
    policy.SERVERS_RESIZE,
    vm_states=(ACTIVE, STOPPED),
    task_state=task_states.RESIZE_PREP,
    event_type=events.RESIZE_START,
)
CONFIRM_RESIZE = ServerAction(
    "confirmResize",
    policy.SERVERS_CONFIRM_RESIZE,
    vm_states=(RESIZED,),
    event_type=events.RESIZE_CONFIRM_END,
    immediate=True,
)
REVERT_RESIZE = ServerAction(
    "revertResize",
    policy.SERVERS_REVERT_RESIZE,
    vm_states=(RESIZED,),
    task_state=task_states.RESIZE_REVERTING,
    event_type=events.RESIZE_REVERT_START,
)
REBUILD = ServerAction(
    "rebuild",
    policy.SERVERS_REBUILD,
    vm_states=(ACTIVE, STOPPED, ERROR),
    task_state=task_states.REBUILDING,
    event_type=events.REBUILD_START,
    requires_cloud_server=True,
)
LOCK = ServerAction("lock", policy.SERVERS_LOCK, task_states=None, immediate=True, allowed_if_locked=True)
UNLOCK = ServerAction("unlock", policy.SERVERS_UNLOCK, task_states=None, immediate=True, allowed_if_locked=True)
RESET_STATE = ServerAction(
    "os-resetState",
    policy.SERVERS_RESET_STATE,
    task_states=task_states.ALL - {DELETING},
    task_state=NONE,
    immediate=True,
)
ADD_SECURITY_GROUP = ServerAction(
    "addSecurityGroup", policy.SERVER_SECURITY_GROUPS_ADD, task_states=None, immediate=True
)
REMOVE_SECURITY_GROUP = ServerAction(
    "removeSecurityGroup", policy.SERVER_SECURITY_GROUPS_REMOVE, task_states=None, immediate=True
)
ATTACH_VOLUME = ServerAction(
    "attach_volume", policy.VOLUME_ATTACHMENTS_CREATE, vm_states=(ACTIVE, STOPPED, RESIZED), event_type=""
)
DETACH_VOLUME = ServerAction(
    "detach_volume", policy.VOLUME_ATTACHMENTS_DELETE, vm_states=(ACTIVE, STOPPED, RESIZED), event_type=""
)

SERVER_ACTIONS = (
    DELETE,
    START,
    STOP,
    SOFT_REBOOT,
    HARD_REBOOT,
    RESIZE,
    CONFIRM_RESIZE,
    REVERT_RESIZE,
    REBUILD,
    LOCK,
    UNLOCK,
    RESET_STATE,
    ADD_SECURITY_GROUP,
    REMOVE_SECURITY_GROUP,
    ATTACH_VOLUME,
    DETACH_VOLUME,
)
