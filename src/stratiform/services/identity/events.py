"""Keystone's notifications in the CADF format, its default. They are published, but not part of the usage ledger.

Source: keystone/notifications.py; DMTF DSP0262 (CADF); messages recorded from a real Keystone.
"""

from typing import Any, Literal
from uuid import UUID, uuid5

from stratiform.kit.clock import format_iso
from stratiform.kit.context import RequestContext
from stratiform.services.identity.model import RoleAssignment

Operation = Literal["created", "updated", "deleted"]
Payload = dict[str, Any]

#: The types of targets by the type of resource. Source: pycadf/cadftaxonomy.py.
_TARGET_TYPES = {
    "OS-TRUST:trust": "data/security/trust",
    "application_credential": "data/security/credential",
    "domain": "data/security/domain",
    "endpoint": "data/security/endpoint",
    "group": "data/security/group",
    "project": "data/security/project",
    "region": "data/security/region",
    "role": "data/security/role",
    "service": "data/security/service",
    "user": "data/security/account/user",
}
#: Source: keystone/common/utils.py (resource_uuid).
_ID_NAMESPACE = UUID("4332ecab-770b-4288-a680-b9aca3b1b153")

_ACCOUNT = "service/security/account/user"


def build_resource_payload(
    ctx: RequestContext, event_id: str, observer_id: str, resource_type: str, operation: Operation, resource_id: str
) -> Payload:
    """Return the payload of a change of a resource; it contains nothing of the resource but its id."""
    target = {"id": resource_id, "typeURI": _TARGET_TYPES[resource_type]}
    event = _build_event(ctx, event_id, observer_id, f"{operation}.{resource_type}", target)
    return {**event, "resource_info": resource_id}


def build_assignment_payload(
    ctx: RequestContext, event_id: str, observer_id: str, operation: Operation, assignment: RoleAssignment
) -> Payload:
    """Return the payload of a role assignment on a project or a domain."""
    target = {"id": str(uuid5(UUID(event_id), _ACCOUNT)), "typeURI": _ACCOUNT}
    return {
        **_build_event(ctx, event_id, observer_id, f"{operation}.role_assignment", target),
        assignment.target_kind: assignment.target_id,
        assignment.actor_kind: assignment.actor_id,
        "inherited_to_projects": assignment.inherited,
        "role": assignment.role_id,
    }


def _build_event(ctx: RequestContext, event_id: str, observer_id: str, action: str, target: dict[str, str]) -> Payload:
    return {
        "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event",
        "eventType": "activity",
        "id": event_id,
        "eventTime": format_iso(ctx.now).replace("Z", "+0000"),
        "action": action,
        "outcome": "success",
        "observer": {"id": observer_id, "typeURI": "service/security"},
        "initiator": _build_initiator(ctx),
        "target": target,
    }


def _build_initiator(ctx: RequestContext) -> Payload:
    """Return who has sent the request. Like Keystone, it omits what is not known."""
    caller, client = ctx.caller, ctx.client
    host = {"address": client.address, "agent": client.agent}
    initiator = {
        "id": _build_resource_uuid(caller.user_id),
        "typeURI": _ACCOUNT,
        "host": {name: value for name, value in host.items() if value},
        "user_id": caller.user_id,
        "project_id": caller.project_id,
        "domain_id": caller.domain_id,
        "request_id": ctx.request_id,
        "global_request_id": ctx.global_request_id,
        "name": caller.user_name,
        "username": caller.user_name,
    }
    return {name: value for name, value in initiator.items() if value not in (None, "")}


def _build_resource_uuid(user_id: str) -> str:
    """Return the id of a user; CADF allows only UUIDs, so that Keystone derives one from other ids."""
    try:
        UUID(user_id)
    except ValueError:
        return uuid5(_ID_NAMESPACE, user_id).hex
    return user_id
