"""Steps that stop, start and reboot."""

from stratiform.contract.compute import NativeServerState
from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.kit.work import Requeue
from stratiform.services.compute import events
from stratiform.services.compute.model.server import (
    ACTIVE,
    REBOOT_STARTED,
    REBOOT_STARTED_HARD,
    REBOOTING,
    STOPPED,
)
from stratiform.services.compute.tasks.look import Look

RUNNING, AT_REST = NativeServerState.RUNNING, NativeServerState.STOPPED


def stop(look: Look) -> Requeue | None:
    """Until it is stopped."""
    machine = look.machine()
    if machine is None:
        return look.lost()
    if machine.state is AT_REST:
        return look.done(events.POWER_OFF_END, machine, vm_state=STOPPED)
    if machine.state is NativeServerState.ERROR:
        return look.fail(machine.fault or "The machine is broken.")
    try:
        if machine.state is RUNNING:
            look.cloud.stop(machine.id)
    except CloudUnreachable:
        raise
    except CloudError as error:
        return look.give_up(error, power_on=True)
    return look.soon()


def start(look: Look) -> Requeue | None:
    """Until it runs."""
    machine = look.machine()
    if machine is None:
        return look.lost()
    if machine.state is RUNNING:
        return look.done(events.POWER_ON_END, machine, vm_state=ACTIVE)
    if machine.state is NativeServerState.ERROR:
        return look.fail(machine.fault or "The machine is broken.")
    try:
        if machine.state is AT_REST:
            look.cloud.start(machine.id)
    except CloudUnreachable:
        raise
    except CloudError as error:
        return look.give_up(error, power_on=False)
    return look.soon()


def reboot(look: Look) -> Requeue | None:
    """Ask for the reboot; a worker that was killed right after may ask once more, which does no harm."""
    machine = look.machine()
    if machine is None:
        return look.lost()
    soft = look.server.task_state == REBOOTING
    try:
        if machine.state is RUNNING:
            look.cloud.reboot(machine.id, hard=not soft)
        elif machine.state is AT_REST:
            look.cloud.start(machine.id)
        elif machine.state is not NativeServerState.ERROR:
            return look.soon()
    except CloudUnreachable:
        raise
    except CloudError as error:
        return look.give_up(error, power_on=machine.state is RUNNING)
    return look.step(task_state=REBOOT_STARTED if soft else REBOOT_STARTED_HARD)


def back(look: Look) -> Requeue | None:
    """Until it runs again."""
    machine = look.machine()
    if machine is None:
        return look.lost()
    if machine.state is RUNNING:
        return look.done(events.REBOOT_END, machine, vm_state=ACTIVE)
    if machine.state is NativeServerState.ERROR:
        return look.fail(machine.fault or "The machine did not come back.")
    try:
        if machine.state is AT_REST:
            look.cloud.start(machine.id)
    except CloudUnreachable:
        raise
    except CloudError as error:
        return look.give_up(error, power_on=False, vm_state=STOPPED)
    return look.soon()
