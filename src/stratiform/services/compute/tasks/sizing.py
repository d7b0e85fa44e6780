"""Steps that change the size, and change it back: stop, resize, start as it was before."""

from dataclasses import replace
from typing import Any

from stratiform.contract.compute import NativeServer, NativeServerState, ServerSize
from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.kit.work import Requeue
from stratiform.services.clouds.model import ResourceType
from stratiform.services.compute import events
from stratiform.services.compute.model.flavor import size_of
from stratiform.services.compute.model.server import ACTIVE, NONE, POWERING_ON, RESIZE_FINISH, RESIZED, STOPPED
from stratiform.services.compute.tasks.look import Look


def resize(look: Look) -> Requeue | None:
    """Stop, and give the machine the new size. Where the cloud says no, it goes on with the old one."""
    wanted = look.server.new_flavor
    if wanted is None:
        return look.step(task_state=NONE)
    try:
        machine = _at_rest(look)
        if isinstance(machine, Requeue) or machine is None:
            return machine
        look.cloud.resize(machine.id, _size(look, machine, wanted))
    except CloudUnreachable:
        raise
    except CloudError as error:
        if not look.server.power_on:
            return look.give_up(error)
        look.give_up(error, task_state=POWERING_ON)
        return look.soon()
    return look.step(
        task_state=RESIZE_FINISH,
        flavor=wanted,
        flavor_id=wanted["id"],
        old_flavor=look.server.flavor,
        new_flavor=None,
    )


def finish(look: Look) -> Requeue | None:
    """Until it is again what it was: running or stopped; then the customer looks, and confirms or reverts."""
    machine = _as_before(look)
    if machine is None or isinstance(machine, Requeue):
        return machine
    return look.done(events.RESIZE_END, machine, vm_state=RESIZED)


def revert(look: Look) -> Requeue | None:
    """Back to the old size; `new_flavor` is the one to go back to, until it has it."""
    wanted = look.server.new_flavor
    if wanted is not None:
        try:
            machine = _at_rest(look)
            if isinstance(machine, Requeue) or machine is None:
                return machine
            look.cloud.resize(machine.id, _size(look, machine, wanted))
        except CloudUnreachable:
            raise
        except CloudError as error:
            return look.fail(error.message)
        return look.step(flavor=wanted, flavor_id=wanted["id"], old_flavor=None, new_flavor=None)
    found = _as_before(look)
    if found is None or isinstance(found, Requeue):
        return found
    return look.done(events.REVERT_END, found, vm_state=ACTIVE if look.server.power_on else STOPPED)


def _at_rest(look: Look) -> NativeServer | Requeue | None:
    """The machine when it is stopped; else how to go on, after having asked it to stop."""
    machine = look.machine()
    if machine is None:
        return look.lost()
    if machine.state is NativeServerState.ERROR:
        return look.fail(machine.fault or "The machine is broken.")
    if machine.state is NativeServerState.RUNNING:
        look.cloud.stop(machine.id)
    return machine if machine.state is NativeServerState.STOPPED else look.soon()


def _as_before(look: Look) -> NativeServer | Requeue | None:
    """The machine when it runs, or is stopped if it was; else how to go on, after having asked it to start."""
    machine = look.machine()
    if machine is None:
        return look.lost()
    if machine.state is NativeServerState.ERROR:
        return look.fail(machine.fault or "The machine did not start with its new size.")
    wanted = NativeServerState.RUNNING if look.server.power_on else NativeServerState.STOPPED
    if machine.state is wanted:
        return machine
    try:
        if machine.state is NativeServerState.STOPPED:
            look.cloud.start(machine.id)
    except CloudUnreachable:
        raise
    except CloudError as error:
        return look.fail(error.message)
    return look.soon()


def _size(look: Look, machine: NativeServer, wanted: dict[str, Any]) -> ServerSize:
    """A disk can't shrink, so what has grown stays as large as it is."""
    with look.job.database.snapshot() as db:
        native = look.service.clouds.native_resources.find_id(
            db, look.server.cloud_id, ResourceType.FLAVOR, wanted["id"]
        )
    size = size_of(wanted, native)
    return replace(size, disk_gib=max(size.disk_gib, machine.size.disk_gib))
