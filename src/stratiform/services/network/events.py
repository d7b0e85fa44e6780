"""Notifications of changes in Neutron's format, for the usage ledger.

Source: neutron/pecan_wsgi/hooks/notifier.py, and messages recorded from a real Neutron.
"""

from stratiform.kit import outbox
from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.kit.work_queue import enqueue
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


def append_change(
    ctx: RequestContext, ids: Ids, cloud: str, resource_type: str, operation: str, body: Attributes
) -> None:
    """Append the notification of a change; `body` is the resource as in the API's bodies."""
    payload: Attributes = {resource_type: body}
    if operation == "delete":
        payload[f"{resource_type}_id"] = body["id"]
    append_event(ctx, ids, cloud, f"{resource_type}.{operation}.end", payload)


def append_event(ctx: RequestContext, ids: Ids, cloud: str, event_type: str, payload: Attributes) -> None:
    """Append an event in the caller's transaction, and enqueue its ingestion."""
    publisher = f"network.{cloud}"
    outbox.append_event(ctx.db, outbox.Event(ids.uuid(), event_type, publisher, ctx.now, cloud, payload))
    enqueue(ctx.db, "ingest.outbox", "all", ctx.now)
