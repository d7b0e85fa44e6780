"""Instance actions."""

from stratiform.interfaces.endpoints import ViewContext
from stratiform.interfaces.openstack.compute.schemas import instance_actions as schemas
from stratiform.interfaces.openstack.compute.views.times import format_naive_time
from stratiform.kit.clock import format_iso_naive
from stratiform.services.compute.model import InstanceAction

#: Nova's names of the events of actions, if they are not `compute_ACTION`. Source: nova/compute/manager.py.
_EVENT_NAMES = {
    "create": "compute__do_build_and_run_instance",
    "delete": "compute_terminate_instance",
    "restore": "compute_restore_instance",
    "start": "compute_start_instance",
    "stop": "compute_stop_instance",
    "reboot": "compute_reboot_instance",
    "resize": "compute_prep_resize",
    "confirmResize": "compute_confirm_resize",
    "revertResize": "compute_revert_resize",
    "rebuild": "compute_rebuild_instance",
    "pause": "compute_pause_instance",
    "unpause": "compute_unpause_instance",
    "suspend": "compute_suspend_instance",
    "resume": "compute_resume_instance",
    "rescue": "compute_rescue_instance",
    "unrescue": "compute_unrescue_instance",
    "shelve": "compute_shelve_instance",
    "shelveOffload": "compute_shelve_offload_instance",
    "unshelve": "compute_unshelve_instance",
    "createImage": "compute_snapshot_instance",
    "createBackup": "compute_backup_instance",
    "changePassword": "compute_set_admin_password",
    "addFixedIp": "compute_add_fixed_ip_to_instance",
    "removeFixedIp": "compute_remove_fixed_ip_from_instance",
}


def instance_action(action: InstanceAction) -> schemas.InstanceAction:
    return schemas.InstanceAction(
        action=action.action,
        instance_uuid=action.server_id,
        request_id=action.request_id,
        user_id=action.user_id,
        project_id=action.project_id,
        start_time=format_iso_naive(action.started_at),
        message=action.message,
        updated_at=format_iso_naive(action.finished_at or action.started_at),
    )


def instance_action_with_events(action: InstanceAction, view: ViewContext) -> schemas.InstanceAction:
    response = instance_action(action)
    if view.is_admin or view.microversion >= 51:
        response.events = [_event(action)]
    return response


def _event(action: InstanceAction) -> schemas.InstanceActionEvent:
    return schemas.InstanceActionEvent(
        event=_EVENT_NAMES.get(action.action, f"compute_{action.action}"),
        start_time=format_iso_naive(action.started_at),
        finish_time=format_naive_time(action.finished_at),
        result=None if action.finished_at is None else action.message or "Success",
    )
