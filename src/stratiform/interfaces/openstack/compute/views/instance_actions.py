"""Instance actions."""

from stratiform.interfaces.endpoints import ViewContext
from stratiform.interfaces.openstack.compute.schemas import instance_actions as schemas
from stratiform.interfaces.openstack.compute.views.times import format_naive_time
from stratiform.kit.clock import format_iso_naive
from stratiform.services.compute.model import InstanceAction


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
        event=f"stratiform_{action.action}",
        start_time=format_iso_naive(action.started_at),
        finish_time=format_naive_time(action.finished_at),
        result=None if action.finished_at is None else action.message or "Success",
    )
