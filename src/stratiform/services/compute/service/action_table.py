"""Server actions: one row for each, with its policy rule, the states that allow it, and what it starts.

To add an action: a row here, a method of `ServerActions`, and a step for its task state in `tasks.reconcile_handler`.
"""

from dataclasses import dataclass, replace

from stratiform.contract.server_operations import ServerOperation
from stratiform.kit.errors import Conflict
from stratiform.kit.policy import Rule
from stratiform.services.compute import events, policy
from stratiform.services.compute.errors import InvalidServerState
from stratiform.services.compute.model import task_states
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.model.task_states import DELETING, NONE
from stratiform.services.compute.model.vm_states import (
    ACTIVE,
    ERROR,
    PAUSED,
    RESCUED,
    RESIZED,
    SHELVED,
    SHELVED_OFFLOADED,
    SOFT_DELETED,
    STOPPED,
    SUSPENDED,
)


@dataclass(frozen=True, slots=True)
class ServerAction:
    """An action on a server.

    `name` appears in errors and in the list of instance actions. `vm_states` and `task_states` are the states that
    allow it (None: any). `task_state` is set when it starts (None: unchanged), and `event_type` is notified then
    (empty: nothing). `immediate`: complete without work in the cloud. `operation`: what the cloud must support.
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
    operation: ServerOperation | None = None

    def require_allowed(self, server: Server) -> None:
        """Raises InvalidServerState; Conflict if the action needs a server in the cloud and there is none."""
        if self.vm_states is not None and server.vm_state not in self.vm_states:
            raise InvalidServerState(self.name, server.id, "vm_state", server.vm_state)
        if self.task_states is not None and server.task_state not in self.task_states:
            raise InvalidServerState(self.name, server.id, "task_state", server.task_state)
        if self.requires_cloud_server and not server.exists_in_cloud:
            raise Conflict(f"Cannot '{self.name}' instance {server.id}: it does not exist in its cloud.")

    def is_allowed(self, server: Server) -> bool:
        """Return True if `require_allowed` raises nothing."""
        try:
            self.require_allowed(server)
        except Conflict:
            return False
        return True


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
    vm_states=(ACTIVE, STOPPED, PAUSED, SUSPENDED, ERROR),
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
    operation=ServerOperation.REBUILD,
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
INJECT_NETWORK_INFO = ServerAction(
    "inject_network_info",
    policy.SERVERS_INJECT_NETWORK_INFO,
    task_states=None,
    event_type="",
    immediate=True,
    requires_cloud_server=True,
)
ADD_SECURITY_GROUP = ServerAction(
    "addSecurityGroup", policy.SERVER_SECURITY_GROUPS_ADD, task_states=None, immediate=True
)
REMOVE_SECURITY_GROUP = ServerAction(
    "removeSecurityGroup", policy.SERVER_SECURITY_GROUPS_REMOVE, task_states=None, immediate=True
)
ATTACH_VOLUME = ServerAction(
    "attach_volume",
    policy.VOLUME_ATTACHMENTS_CREATE,
    vm_states=(ACTIVE, PAUSED, STOPPED, RESIZED, SHELVED, SHELVED_OFFLOADED),
    event_type="",
)
DETACH_VOLUME = ServerAction(
    "detach_volume",
    policy.VOLUME_ATTACHMENTS_DELETE,
    vm_states=(ACTIVE, PAUSED, STOPPED, RESIZED, SHELVED, SHELVED_OFFLOADED),
    event_type="",
)
SWAP_VOLUME = ServerAction(
    "swap_volume",
    policy.VOLUME_ATTACHMENTS_SWAP,
    vm_states=(ACTIVE, PAUSED, RESIZED),
    event_type="",
    requires_cloud_server=True,
    operation=ServerOperation.SWAP_VOLUME,
)
PAUSE = ServerAction(
    "pause",
    policy.SERVERS_PAUSE,
    vm_states=(ACTIVE,),
    task_state=task_states.PAUSING,
    event_type=events.PAUSE_START,
    requires_cloud_server=True,
    operation=ServerOperation.PAUSE,
)
UNPAUSE = ServerAction(
    "unpause",
    policy.SERVERS_UNPAUSE,
    vm_states=(PAUSED,),
    task_state=task_states.UNPAUSING,
    event_type=events.UNPAUSE_START,
    requires_cloud_server=True,
    operation=ServerOperation.PAUSE,
)
SUSPEND = ServerAction(
    "suspend",
    policy.SERVERS_SUSPEND,
    vm_states=(ACTIVE,),
    task_state=task_states.SUSPENDING,
    event_type=events.SUSPEND_START,
    requires_cloud_server=True,
    operation=ServerOperation.SUSPEND,
)
RESUME = ServerAction(
    "resume",
    policy.SERVERS_RESUME,
    vm_states=(SUSPENDED,),
    task_state=task_states.RESUMING,
    event_type=events.RESUME_START,
    requires_cloud_server=True,
    operation=ServerOperation.SUSPEND,
)
RESCUE = ServerAction(
    "rescue",
    policy.SERVERS_RESCUE,
    vm_states=(ACTIVE, STOPPED, ERROR),
    task_state=task_states.RESCUING,
    event_type=events.RESCUE_START,
    requires_cloud_server=True,
    operation=ServerOperation.RESCUE,
)
UNRESCUE = ServerAction(
    "unrescue",
    policy.SERVERS_UNRESCUE,
    vm_states=(RESCUED,),
    task_state=task_states.UNRESCUING,
    event_type=events.UNRESCUE_START,
    requires_cloud_server=True,
    operation=ServerOperation.RESCUE,
)
SHELVE = ServerAction(
    "shelve",
    policy.SERVERS_SHELVE,
    vm_states=(ACTIVE, STOPPED, PAUSED, SUSPENDED),
    task_state=task_states.SHELVING,
    event_type=events.SHELVE_START,
    requires_cloud_server=True,
    operation=ServerOperation.CREATE_IMAGE,
)
SHELVE_VOLUME_BACKED = replace(
    SHELVE,
    task_state=task_states.SHELVING_OFFLOADING,
    event_type=events.SHELVE_OFFLOAD_START,
    operation=ServerOperation.BOOT_FROM_VOLUME,
)
SHELVE_OFFLOAD = ServerAction(
    "shelveOffload",
    policy.SERVERS_SHELVE_OFFLOAD,
    vm_states=(SHELVED, SHELVED_OFFLOADED),
    task_state=task_states.SHELVING_OFFLOADING,
    event_type=events.SHELVE_OFFLOAD_START,
)
UNSHELVE = ServerAction(
    "unshelve",
    policy.SERVERS_UNSHELVE,
    vm_states=(SHELVED, SHELVED_OFFLOADED),
    task_state=task_states.UNSHELVING,
    event_type=events.UNSHELVE_START,
)
CREATE_IMAGE = ServerAction(
    "createImage",
    policy.SERVERS_CREATE_IMAGE,
    vm_states=(ACTIVE, STOPPED, PAUSED, SUSPENDED),
    task_state=task_states.IMAGE_SNAPSHOT,
    event_type=events.SNAPSHOT_START,
    requires_cloud_server=True,
    operation=ServerOperation.CREATE_IMAGE,
)
CREATE_VOLUME_IMAGE = replace(CREATE_IMAGE, task_state=None, operation=None, immediate=True)
CREATE_BACKUP = ServerAction(
    "createBackup",
    policy.SERVERS_CREATE_BACKUP,
    vm_states=(ACTIVE, STOPPED, PAUSED, SUSPENDED),
    task_state=task_states.IMAGE_BACKUP,
    event_type=events.SNAPSHOT_START,
    requires_cloud_server=True,
    operation=ServerOperation.CREATE_IMAGE,
)
SET_PASSWORD = ServerAction(
    "changePassword",
    policy.SERVERS_SET_PASSWORD,
    vm_states=(ACTIVE,),
    event_type="",
    requires_cloud_server=True,
    operation=ServerOperation.SET_PASSWORD,
    immediate=True,
)
TRIGGER_CRASH_DUMP = ServerAction(
    "trigger_crash_dump",
    policy.SERVERS_TRIGGER_CRASH_DUMP,
    vm_states=(ACTIVE, PAUSED, RESCUED, RESIZED, ERROR),
    event_type="",
    requires_cloud_server=True,
    operation=ServerOperation.CRASH_DUMP,
    immediate=True,
)
SOFT_DELETE = ServerAction(
    "delete",
    policy.SERVERS_DELETE,
    vm_states=(ACTIVE, STOPPED, RESIZED, ERROR),
    task_state=task_states.SOFT_DELETING,
    event_type=events.SOFT_DELETE_START,
    requires_cloud_server=True,
)
RESTORE = ServerAction(
    "restore",
    policy.SERVERS_RESTORE,
    vm_states=(SOFT_DELETED,),
    task_state=task_states.RESTORING,
    event_type=events.RESTORE_START,
    requires_cloud_server=True,
)
MIGRATE = ServerAction(
    "migrate",
    policy.SERVERS_MIGRATE,
    vm_states=(ACTIVE, STOPPED),
    event_type="",
    requires_cloud_server=True,
)
LIVE_MIGRATE = ServerAction(
    "os-migrateLive",
    policy.SERVERS_MIGRATE_LIVE,
    vm_states=(ACTIVE, PAUSED),
    event_type="",
    requires_cloud_server=True,
)
EVACUATE = ServerAction(
    "evacuate",
    policy.SERVERS_EVACUATE,
    vm_states=(ACTIVE, STOPPED, ERROR),
    event_type="",
    requires_cloud_server=True,
)
ATTACH_INTERFACE = ServerAction(
    "attach_interface",
    policy.SERVER_INTERFACES_CREATE,
    vm_states=(ACTIVE, PAUSED, STOPPED),
    event_type="",
    requires_cloud_server=True,
    operation=ServerOperation.CHANGE_INTERFACES,
)
DETACH_INTERFACE = replace(ATTACH_INTERFACE, name="detach_interface", rule=policy.SERVER_INTERFACES_DELETE)
ADD_FIXED_IP = replace(ATTACH_INTERFACE, name="addFixedIp", rule=policy.SERVER_FIXED_IPS_ADD)
REMOVE_FIXED_IP = replace(ATTACH_INTERFACE, name="removeFixedIp", rule=policy.SERVER_FIXED_IPS_REMOVE)

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
    INJECT_NETWORK_INFO,
    ADD_SECURITY_GROUP,
    REMOVE_SECURITY_GROUP,
    ATTACH_VOLUME,
    DETACH_VOLUME,
    SWAP_VOLUME,
    PAUSE,
    UNPAUSE,
    SUSPEND,
    RESUME,
    RESCUE,
    UNRESCUE,
    SHELVE,
    SHELVE_VOLUME_BACKED,
    SHELVE_OFFLOAD,
    UNSHELVE,
    CREATE_IMAGE,
    CREATE_VOLUME_IMAGE,
    CREATE_BACKUP,
    SET_PASSWORD,
    TRIGGER_CRASH_DUMP,
    SOFT_DELETE,
    RESTORE,
    MIGRATE,
    LIVE_MIGRATE,
    EVACUATE,
    ATTACH_INTERFACE,
    DETACH_INTERFACE,
    ADD_FIXED_IP,
    REMOVE_FIXED_IP,
)
