"""Notifications of changes in Neutron's format, for the usage ledger.

Source: neutron/pecan_wsgi/hooks/notifier.py, and messages recorded from a real Neutron.
"""

from collections.abc import Sequence

from stratiform.kit import outbox
from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.services.network.model import Attributes

#: The types of resources whose changes are reported.
NOTIFYING_TYPES = ("network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule")

#: The cloud in notifications about resources of a project that is bound to none.
NO_CLOUD = "stratiform"

_OPERATIONS = ("create", "update", "delete")

#: The types of all events that the service appends.
EVENT_TYPES = (
    *(f"{name}.{operation}.end" for name in NOTIFYING_TYPES for operation in _OPERATIONS),
    "router.interface.create",
    "router.interface.delete",
)


def append_changes(
    ctx: RequestContext, ids: Ids, resource_type: str, operation: str, changes: Sequence[tuple[str, Attributes]]
) -> None:
    """Append the notifications of changes: pairs of a cloud's name and a resource as in the API's bodies."""
    events = []
    for cloud, body in changes:
        payload: Attributes = {resource_type: body}
        if operation == "delete":
            payload[f"{resource_type}_id"] = body["id"]
        events.append((cloud, payload))
    append_events(ctx, ids, f"{resource_type}.{operation}.end", events)


def append_events(ctx: RequestContext, ids: Ids, event_type: str, events: Sequence[tuple[str, Attributes]]) -> None:
    """Append events (a cloud's name and a payload each) in the caller's transaction, and enqueue their ingestion."""
    rows = [
        outbox.Event(ids.uuid(), event_type, f"network.{cloud}", ctx.now, cloud, payload) for cloud, payload in events
    ]
    outbox.append_events(ctx.db, rows)
