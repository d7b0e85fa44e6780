"""Steps that delete a machine, and see to it that none comes later."""

from dataclasses import replace

from stratiform.contract.compute import NativeServer, NativeServerState
from stratiform.kit.work import LEASE_US, Requeue
from stratiform.services.compute import events
from stratiform.services.compute.model.server import DELETED, NONE, POWER_NONE
from stratiform.services.compute.repository import servers
from stratiform.services.compute.tasks.look import Look

#: A create whose answer nobody waits for any more may still land; for so long it is looked for.
_LATE_US = 2 * LEASE_US


def delete(look: Look) -> Requeue | None:
    """Until the cloud has no machine any more; only then the addresses are free, and the use has ended."""
    machine = look.machine() if look.server.native_id else look.cloud.find(look.server.id)
    if machine is None or machine.state is NativeServerState.DELETED:
        return _gone(look)
    _remember(look, machine)
    if machine.state is not NativeServerState.DELETING:
        look.cloud.delete(machine.id)
    return look.soon()


def afterwards(look: Look) -> Requeue | None:
    """A server that was deleted before we knew its machine: another worker's create may land even now."""
    server = look.server
    if server.native_id or server.deleted_at is None:
        return None
    machine = look.cloud.find(server.id)
    if machine is not None and machine.state is not NativeServerState.DELETING:
        look.cloud.delete(machine.id)
    if look.job.clock.now() > server.deleted_at + _LATE_US:
        return None
    return Requeue(LEASE_US)


def _remember(look: Look, machine: NativeServer) -> None:
    """Which machine it is and since when it ran: its use is the customer's, even where no answer ever told us."""
    server = look.server
    launched_at = server.launched_at or machine.launched_at
    if (server.native_id, server.launched_at) == (machine.id, launched_at):
        return
    with look.job.apply() as db:
        row = servers.locked(db, server.id)
        if row is not None:
            servers.save(db, replace(row, native_id=machine.id, launched_at=launched_at))


def _gone(look: Look) -> Requeue | None:
    now, service = look.job.clock.now(), look.service
    with look.job.apply() as db:
        row = servers.locked(db, look.server.id)
        if row is None or row.deleted_at is not None:
            return None
        gone = replace(
            row,
            vm_state=DELETED,
            task_state=NONE,
            power_state=POWER_NONE,
            updated_at=now,
            deleted_at=now,
            terminated_at=row.terminated_at or now,
            fault=None,
        )
        servers.save(db, gone)
        service.networks.server_ports.release(db, row.id, now)
        for attachment in service.volumes.attachments.list_by_server(db, row.id):
            service.volumes.attachments.detach(db, attachment.id, now)
        servers.finish_actions(db, row.id, now, None)
        events.post(db, service.ids, events.DELETE_END, gone, now, **events.changed(row))
    return None if look.server.native_id else Requeue(LEASE_US)
