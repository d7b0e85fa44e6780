"""One look at one server: what was loaded, the cloud it is in, and the ways to write what was learnt."""

from dataclasses import dataclass, replace
from typing import Any

from stratiform.contract.compute import Compute, NativeServer, NativeServerState
from stratiform.contract.errors import NativeNotFound
from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.db import Connection
from stratiform.kit.errors import Fault
from stratiform.kit.work import Job, Requeue
from stratiform.services.compute import events
from stratiform.services.compute.model.server import (
    ERROR,
    NONE,
    POWER_CRASHED,
    POWER_NONE,
    POWER_RUNNING,
    POWER_SHUTDOWN,
    Server,
    fault,
)
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service import ComputeService

_FIRST_WAIT_US = SECOND_US // 50
_LONGEST_WAIT_US = 2 * SECOND_US

#: What the list of a server's actions says of one that did not work.
FAILED = "Error"

POWER_STATES = {
    NativeServerState.RUNNING: POWER_RUNNING,
    NativeServerState.STOPPED: POWER_SHUTDOWN,
    NativeServerState.STOPPING: POWER_RUNNING,
    NativeServerState.ERROR: POWER_CRASHED,
}

#: Facts that the cloud told, which hold whatever the customer has asked for meanwhile.
_FACTS = ("native_id", "launched_at")


@dataclass(frozen=True, slots=True)
class Look:
    """What a step is given. No transaction is open; `server` is the row as it was a moment ago."""

    service: ComputeService
    job: Job
    cloud: Compute
    server: Server

    def machine(self) -> NativeServer | None:
        """The server's machine; None where the cloud has none (any more)."""
        try:
            machine = self.cloud.show(self.server.native_id)
        except NativeNotFound:
            return None
        return None if machine.state is NativeServerState.DELETED else machine

    def soon(self) -> Requeue:
        """First after 20 ms, and the longer the step lasts the later, up to 2 s."""
        since = self.job.clock.now() - self.server.updated_at
        return Requeue(min(max(since // 2, _FIRST_WAIT_US), _LONGEST_WAIT_US))

    def step(self, **values: Any) -> Requeue:
        """Write that the next step of the same task has begun."""
        with self.job.apply() as db:
            self._write(db, self.job.clock.now(), values)
        return Requeue(_FIRST_WAIT_US)

    def learn(self, machine: NativeServer) -> Requeue:
        """Write which machine it is, as soon as that is known."""
        if machine.id != self.server.native_id:
            with self.job.apply() as db:
                self._write(db, None, {"native_id": machine.id})
        return self.soon()

    def done(self, event: str, machine: NativeServer, *, message: str | None = None, **values: Any) -> Requeue | None:
        """The task is over: write how it ended, tell it, finish the action."""
        now = self.job.clock.now()
        told: dict[str, Any] = {
            "task_state": NONE,
            "native_id": machine.id,
            "power_state": POWER_STATES.get(machine.state, POWER_NONE),
            "launched_at": self.server.launched_at or machine.launched_at,
            "fault": None,
        }
        with self.job.apply() as db:
            changed = self._write(db, now, {**told, **values})
            if changed is None:
                return None
            servers.finish_actions(db, changed.id, now, message)
            more = events.changed(self.server)
            if event == events.CREATE_END:
                ports = self.service.networks.server_ports.list(db, changed.id)
                more |= {"fixed_ips": events.fixed_ips(list(ports)), "message": "Success"}
            events.post(db, self.service.ids, event, changed, now, **more)
            return self._rest(db)

    def fail(self, reason: str, *, event: str = events.UPDATE, **values: Any) -> Requeue | None:
        """The server ends in ERROR, and says why."""
        now = self.job.clock.now()
        shown = {"vm_state": ERROR, "task_state": NONE, "new_flavor": None, "fault": fault(500, reason, now)}
        with self.job.apply() as db:
            changed = self._write(db, now, {**shown, **values})
            if changed is None:
                return None
            servers.finish_actions(db, changed.id, now, FAILED)
            events.post(db, self.service.ids, event, changed, now, **events.changed(self.server))
            return self._rest(db)

    def give_up(self, error: Fault, **values: Any) -> Requeue | None:
        """The cloud says no to this action; the server stays what it was, and the action says so."""
        now = self.job.clock.now()
        with self.job.apply() as db:
            changed = self._write(db, now, {"task_state": NONE, "new_flavor": None, **values})
            if changed is None:
                return None
            servers.finish_actions(db, changed.id, now, FAILED)
            more = {**events.changed(self.server), "message": error.message}
            events.post(db, self.service.ids, events.UPDATE, changed, now, **more)
            return self._rest(db)

    def lost(self) -> Requeue | None:
        """The machine was deleted in the cloud, not by us: its use ends now, and the server is in ERROR."""
        now = self.job.clock.now()
        with self.job.apply() as db:
            row = servers.locked(db, self.server.id)
            if row is not None and row.task_state == self.server.task_state:
                write_loss(db, self.service, row, now)
            return self._rest(db)

    def _rest(self, db: Connection) -> Requeue | None:
        """Volumes that wait for the task to end come next."""
        attachments = self.service.volumes.attachments.list_by_server(db, self.server.id)
        return Requeue(0) if any(one.state != "attached" for one in attachments) else None

    def _write(self, db: Connection, updated_at: Micros | None, values: dict[str, Any]) -> Server | None:
        """Write `values`, unless something else was asked for meanwhile: then only what the cloud told. None then."""
        row = servers.locked(db, self.server.id)
        if row is None:
            return None
        if row.task_state == self.server.task_state and row.deleted_at is None:
            return servers.save(db, replace(row, **{"updated_at": updated_at or row.updated_at, **values}))
        facts = {name: values[name] for name in _FACTS if values.get(name)}
        if facts:
            servers.save(db, replace(row, **facts))
        return None


def write_loss(db: Connection, service: ComputeService, row: Server, now: Micros) -> None:
    """As `Look.lost`, for a row that is held. A machine that is gone and a price that goes on don't go together."""
    if row.terminated_at is not None:
        return
    lost = replace(
        row,
        vm_state=ERROR,
        task_state=NONE,
        power_state=POWER_NONE,
        new_flavor=None,
        terminated_at=now,
        updated_at=now,
        fault=fault(404, "The machine was deleted in the cloud.", now),
    )
    servers.save(db, lost)
    servers.finish_actions(db, row.id, now, FAILED)
    events.post(db, service.ids, events.DELETE_END, lost, now, **events.changed(row))
