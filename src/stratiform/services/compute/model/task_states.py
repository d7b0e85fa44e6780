"""Task states: the action in progress on a server. Source: nova/compute/task_states.py."""

NONE = ""
SCHEDULING = "scheduling"
DELETING = "deleting"
POWERING_OFF = "powering-off"
POWERING_ON = "powering-on"
REBOOTING = "rebooting"
REBOOT_STARTED = "reboot_started"
REBOOTING_HARD = "rebooting_hard"
REBOOT_STARTED_HARD = "reboot_started_hard"
RESIZE_PREP = "resize_prep"
RESIZE_FINISH = "resize_finish"
RESIZE_REVERTING = "resize_reverting"
REBUILDING = "rebuilding"
REBUILD_SPAWNING = "rebuild_spawning"

ALL = frozenset(
    {
        NONE,
        SCHEDULING,
        DELETING,
        POWERING_OFF,
        POWERING_ON,
        REBOOTING,
        REBOOT_STARTED,
        REBOOTING_HARD,
        REBOOT_STARTED_HARD,
        RESIZE_PREP,
        RESIZE_FINISH,
        RESIZE_REVERTING,
        REBUILDING,
        REBUILD_SPAWNING,
    }
)
