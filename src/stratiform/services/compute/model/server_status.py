"""Server status, derived from VM state and task state. Source: nova/api/openstack/common.py, `_STATE_MAP`."""

from dataclasses import dataclass

from stratiform.services.compute.model import task_states, vm_states

_BY_TASK_STATE = {
    task_states.REBOOTING: "REBOOT",
    task_states.REBOOT_STARTED: "REBOOT",
    task_states.REBOOTING_HARD: "HARD_REBOOT",
    task_states.REBOOT_STARTED_HARD: "HARD_REBOOT",
    task_states.RESIZE_PREP: "RESIZE",
    task_states.RESIZE_FINISH: "RESIZE",
    task_states.RESIZE_REVERTING: "REVERT_RESIZE",
    task_states.REBUILDING: "REBUILD",
    task_states.REBUILD_SPAWNING: "REBUILD",
}
_BY_VM_STATE = {
    vm_states.ACTIVE: "ACTIVE",
    vm_states.BUILDING: "BUILD",
    vm_states.STOPPED: "SHUTOFF",
    vm_states.RESIZED: "VERIFY_RESIZE",
    vm_states.ERROR: "ERROR",
    vm_states.DELETED: "DELETED",
    vm_states.PAUSED: "PAUSED",
    vm_states.SUSPENDED: "SUSPENDED",
    vm_states.RESCUED: "RESCUE",
    vm_states.SHELVED: "SHELVED",
    vm_states.SHELVED_OFFLOADED: "SHELVED_OFFLOADED",
    vm_states.SOFT_DELETED: "SOFT_DELETED",
}

#: VM states in which the task state, if it is in the second set, determines the status.
_TASK_STATUS = frozenset(_BY_TASK_STATE)
STATUS_TASK_STATES: dict[str, frozenset[str]] = {
    vm_states.ACTIVE: _TASK_STATUS,
    vm_states.STOPPED: _TASK_STATUS,
    vm_states.RESIZED: _TASK_STATUS,
    vm_states.ERROR: frozenset({task_states.REBUILDING, task_states.REBUILD_SPAWNING}),
}


@dataclass(frozen=True, slots=True)
class StatusStates:
    """The VM states and the task states that result in one status. Both empty: no server has the status."""

    vm_states: frozenset[str] = frozenset()
    task_states: frozenset[str] = frozenset()


def get_server_status(vm_state: str, task_state: str) -> str:
    """Return the status of a server with these states."""
    if task_state in STATUS_TASK_STATES.get(vm_state, frozenset()):
        return _BY_TASK_STATE[task_state]
    return _BY_VM_STATE[vm_state]


def get_states_for_status(status: str) -> StatusStates:
    """Return the states that result in `status`, in any case."""
    name = status.upper()
    return StatusStates(
        vm_states=frozenset(state for state, other in _BY_VM_STATE.items() if other == name),
        task_states=frozenset(state for state, other in _BY_TASK_STATE.items() if other == name),
    )
