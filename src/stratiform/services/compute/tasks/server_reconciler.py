"""The state of one reconcile of one server, and the ways to record its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Unpack

from stratiform.contract.compute import ComputeDriver, NativeServer, NativeServerState
from stratiform.contract.errors import NativeNotFound
from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.database import Connection
from stratiform.kit.errors import Fault
from stratiform.kit.work_queue import Job, Requeue
from stratiform.services.compute import events
from stratiform.services.compute.model import power_states, vm_states
from stratiform.services.compute.model.servers import (
    MutableServerFields,
    Server,
    build_server_fault,
    select_pending_changes,
)
from stratiform.services.compute.model.task_states import NONE
from stratiform.services.compute.repository import instance_actions, servers
from stratiform.services.compute.service import ComputeService

_MIN_REQUEUE_US = SECOND_US // 50
_MAX_REQUEUE_US = 2 * SECOND_US

#: The message of a failed instance action.
ACTION_FAILED = "Error"

_POWER_STATES = {
    NativeServerState.RUNNING: power_states.RUNNING,
    NativeServerState.STOPPED: power_states.SHUTDOWN,
    NativeServerState.STOPPING: power_states.RUNNING,
    NativeServerState.PAUSED: power_states.PAUSED,
    NativeServerState.SUSPENDED: power_states.SUSPENDED,
    NativeServerState.RESCUED: power_states.RUNNING,
    NativeServerState.ERROR: power_states.CRASHED,
}


@dataclass(frozen=True, slots=True)
class ServerReconciler:
    """Passed to each step. No transaction is open; `server` is the row as loaded before the step."""

    compute: ComputeService
    job: Job
    cloud: ComputeDriver
    server: Server

    def find_native_server(self) -> NativeServer | None:
        """Return the server in the cloud; None if it does not exist there (any longer)."""
        try:
            native = self.cloud.get(self.server.native_id)
        except NativeNotFound:
            return None
        return None if native.state is NativeServerState.DELETED else native

    def requeue_soon(self) -> Requeue:
        """Return a delay that grows with the duration of the action, from 20 ms to 2 s."""
        duration = self.job.clock.now() - self.server.updated_at
        return Requeue(min(max(duration // 2, _MIN_REQUEUE_US), _MAX_REQUEUE_US))

    def save_and_continue(self, event_types: Sequence[str] = (), **values: Unpack[MutableServerFields]) -> Requeue:
        """Save `values` (usually the next task state of the same action), notify, and continue at once."""
        now = values["updated_at"] = self.job.clock.now()
        with self.job.transaction() as db:
            changed = self._save(db, values)
            for event_type in event_types:
                if changed is not None:
                    events.append_notification(db, self.compute.ids, event_type, changed, now, previous=self.server)
        return Requeue(_MIN_REQUEUE_US)

    def record_native_id(self, native: NativeServer) -> Requeue:
        """Save the id of the server in the cloud if it is new, and continue soon."""
        if native.id != self.server.native_id:
            with self.job.transaction() as db:
                self._save(db, {"native_id": native.id})
        return self.requeue_soon()

    def complete_action(
        self, event_type: str, native: NativeServer | None, **values: Unpack[MutableServerFields]
    ) -> Requeue | None:
        """The action succeeded: save the observed state and `values`, finish the instance action, notify.

        `native` None: the server does not exist in the cloud any longer, as the action intends.
        """
        now = self.job.clock.now()
        state = None if native is None else native.state
        observed: MutableServerFields = {
            "task_state": NONE,
            "task_arguments": select_pending_changes(self.server),
            "native_id": "" if native is None else native.id,
            "power_state": power_states.NOSTATE if state is None else _POWER_STATES.get(state, power_states.NOSTATE),
            "launched_at": self.server.launched_at or (None if native is None else native.launched_at),
            "fault": None,
            "updated_at": now,
        }
        with self.job.transaction() as db:
            changed = self._save(db, {**observed, **values})
            if changed is None:
                return None
            instance_actions.finish_actions(db, changed.id, now)
            extra: dict[str, object] = {}
            if event_type in (events.CREATE_END, events.UNSHELVE_END):
                ports = self.compute.network.server_ports.list(db, changed.id)
                self.compute.network.cloud_objects.enqueue_for_ports(db, ports, now)
            if event_type == events.CREATE_END:
                extra = {"fixed_ips": events.build_fixed_ips_payload(ports), "message": "Success"}
            events.append_notification(db, self.compute.ids, event_type, changed, now, previous=self.server, **extra)
            return self._requeue_for_attachments(db)

    def fail_action(
        self, reason: str, *, event_type: str = events.UPDATE, **values: Unpack[MutableServerFields]
    ) -> Requeue | None:
        """The action failed, and the server with it: set it to ERROR with a fault."""
        now = self.job.clock.now()
        failed: MutableServerFields = {
            "vm_state": vm_states.ERROR,
            "task_state": NONE,
            "task_arguments": select_pending_changes(self.server),
            "new_flavor": None,
            "fault": build_server_fault(500, reason, now),
            "updated_at": now,
        }
        with self.job.transaction() as db:
            changed = self._save(db, {**failed, **values})
            if changed is None:
                return None
            instance_actions.finish_actions(db, changed.id, now, ACTION_FAILED)
            events.append_notification(db, self.compute.ids, event_type, changed, now, previous=self.server)
            return self._requeue_for_attachments(db)

    def reject_action(self, error: Fault, **values: Unpack[MutableServerFields]) -> Requeue | None:
        """The cloud rejected the action: the server stays as it was, and the instance action fails."""
        now = self.job.clock.now()
        rejected: MutableServerFields = {
            "task_state": NONE,
            "task_arguments": select_pending_changes(self.server),
            "new_flavor": None,
            "updated_at": now,
        }
        with self.job.transaction() as db:
            changed = self._save(db, {**rejected, **values})
            if changed is None:
                return None
            instance_actions.finish_actions(db, changed.id, now, ACTION_FAILED)
            events.append_notification(
                db, self.compute.ids, events.UPDATE, changed, now, previous=self.server, message=error.message
            )
            return self._requeue_for_attachments(db)

    def mark_lost(self) -> Requeue | None:
        """The server no longer exists in its cloud: end its usage, and set it to ERROR."""
        with self.job.transaction() as db:
            row = servers.find_server_for_update(db, self.server.id)
            if row is not None and row.task_state == self.server.task_state:
                mark_server_lost(db, self.compute, row, self.job.clock.now())
            return self._requeue_for_attachments(db)

    def _requeue_for_attachments(self, db: Connection) -> Requeue | None:
        """Continue at once if interfaces or volumes wait for the end of the action."""
        if select_pending_changes(self.server):
            return Requeue(0)
        attachments = self.compute.volume.attachments.list_by_server(db, self.server.id)
        return Requeue(0) if any(attachment.state != "attached" for attachment in attachments) else None

    def _save(self, db: Connection, values: MutableServerFields) -> Server | None:
        """Save `values` if the server's action is still the same; return None otherwise.

        In that case only the id and the launch time in the cloud are saved, which hold for any action.
        """
        row = servers.find_server_for_update(db, self.server.id)
        if row is None:
            return None
        if row.task_state == self.server.task_state and row.deleted_at is None:
            return servers.save_server(db, replace(row, **values))
        native_id = values.get("native_id") or row.native_id
        launched_at = values.get("launched_at") or row.launched_at
        if (native_id, launched_at) != (row.native_id, row.launched_at):
            servers.save_server(db, replace(row, native_id=native_id, launched_at=launched_at))
        return None


def mark_server_lost(db: Connection, compute: ComputeService, row: Server, now: Micros) -> None:
    """As `ServerReconciler.mark_lost`, for a locked row. Does nothing if the usage has ended already."""
    if row.terminated_at is not None:
        return
    lost = replace(
        row,
        vm_state=vm_states.ERROR,
        task_state=NONE,
        task_arguments={},
        power_state=power_states.NOSTATE,
        new_flavor=None,
        terminated_at=now,
        updated_at=now,
        fault=build_server_fault(404, "The server no longer exists in its cloud.", now),
    )
    servers.save_server(db, lost)
    instance_actions.finish_actions(db, row.id, now, ACTION_FAILED)
    events.append_notification(db, compute.ids, events.DELETE_END, lost, now, previous=row)
