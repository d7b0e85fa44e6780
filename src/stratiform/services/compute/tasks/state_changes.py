"""Steps of actions that are one state change in the cloud: pause, suspend, rescue and their reversals."""

from collections.abc import Callable
from dataclasses import dataclass

from stratiform.contract.compute import NativeServerState
from stratiform.contract.errors import CloudError
from stratiform.kit.errors import Fault
from stratiform.kit.work_queue import Requeue
from stratiform.services.compute import events
from stratiform.services.compute.model import vm_states
from stratiform.services.compute.tasks.power_changes import IN_ERROR
from stratiform.services.compute.tasks.server_creation import TEMPORARY_ERRORS
from stratiform.services.compute.tasks.server_reconciler import ServerReconciler

_RUNNING, _ERROR = NativeServerState.RUNNING, NativeServerState.ERROR


@dataclass(frozen=True, slots=True)
class StateChange:
    """A change to the state `target` in the cloud, which `request` starts; the server then has `vm_state`."""

    request: Callable[[ServerReconciler], None]
    target: NativeServerState
    vm_state: str
    event_type: str

    def __call__(self, reconciler: ServerReconciler) -> Requeue | None:
        """Request the change until the server has the state."""
        native = reconciler.find_native_server()
        if native is None:
            return reconciler.mark_lost()
        if native.state is self.target:
            return reconciler.complete_action(self.event_type, native, vm_state=self.vm_state)
        if native.state is _ERROR and reconciler.server.vm_state != vm_states.ERROR:
            return reconciler.fail_action(native.fault or IN_ERROR)
        try:
            if native.state not in (NativeServerState.BUILDING, NativeServerState.STOPPING):
                self.request(reconciler)
        except TEMPORARY_ERRORS:
            raise
        except (CloudError, Fault) as error:
            return reconciler.reject_action(error)
        return reconciler.requeue_soon()


def _rescue(reconciler: ServerReconciler) -> None:
    server = reconciler.server
    image_id = server.task_arguments.get("rescue_image_id", server.image_id)
    native_image_id = reconciler.compute.image.image_copies.ensure_copy(server.cloud_id, image_id)
    reconciler.cloud.rescue(server.native_id, native_image_id)


pause_server = StateChange(
    lambda reconciler: reconciler.cloud.pause(reconciler.server.native_id),
    NativeServerState.PAUSED,
    vm_states.PAUSED,
    events.PAUSE_END,
)
unpause_server = StateChange(
    lambda reconciler: reconciler.cloud.unpause(reconciler.server.native_id),
    _RUNNING,
    vm_states.ACTIVE,
    events.UNPAUSE_END,
)
suspend_server = StateChange(
    lambda reconciler: reconciler.cloud.suspend(reconciler.server.native_id),
    NativeServerState.SUSPENDED,
    vm_states.SUSPENDED,
    events.SUSPEND_END,
)
resume_server = StateChange(
    lambda reconciler: reconciler.cloud.resume(reconciler.server.native_id),
    _RUNNING,
    vm_states.ACTIVE,
    events.RESUME_END,
)
rescue_server = StateChange(_rescue, NativeServerState.RESCUED, vm_states.RESCUED, events.RESCUE_END)
unrescue_server = StateChange(
    lambda reconciler: reconciler.cloud.unrescue(reconciler.server.native_id),
    _RUNNING,
    vm_states.ACTIVE,
    events.UNRESCUE_END,
)
restore_server = StateChange(
    lambda reconciler: reconciler.cloud.start(reconciler.server.native_id),
    _RUNNING,
    vm_states.ACTIVE,
    events.RESTORE_END,
)
