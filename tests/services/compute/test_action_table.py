"""The table of server actions against the reconcile steps."""

import pytest

from stratiform.services.compute.model import task_states, vm_states
from stratiform.services.compute.service.action_table import SERVER_ACTIONS, ServerAction
from stratiform.services.compute.tasks.reconcile_handler import STEPS

VM_STATES = {value for name, value in vars(vm_states).items() if name.isupper()}


def test_every_task_state_has_a_step() -> None:
    assert set(STEPS) == task_states.ALL


@pytest.mark.parametrize("action", SERVER_ACTIONS, ids=lambda action: f"{action.name}-{action.task_state}")
def test_action_states_exist(action: ServerAction) -> None:
    assert set(action.vm_states or ()) <= VM_STATES
    assert set(action.task_states or ()) <= task_states.ALL
    assert action.task_state is None or action.task_state in STEPS


@pytest.mark.parametrize("action", SERVER_ACTIONS, ids=lambda action: f"{action.name}-{action.task_state}")
def test_immediate_actions_leave_no_task_state(action: ServerAction) -> None:
    assert not action.immediate or action.task_state in (None, task_states.NONE)
