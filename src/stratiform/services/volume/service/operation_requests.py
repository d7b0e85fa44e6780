"""The start of an operation that a background task completes."""

from collections.abc import Mapping

from stratiform.kit.context import RequestContext
from stratiform.kit.work_queue import enqueue
from stratiform.services.volume.repository.messages import save_request


def enqueue_operation(
    ctx: RequestContext, kind: str, resource_id: str, reference: Mapping[str, str] | None = None
) -> None:
    """Enqueue the reconcile of a resource, and store the request, to which a message about a failure refers."""
    save_request(ctx.db, resource_id, ctx.request_id, reference or {})
    enqueue(ctx.db, kind, resource_id, ctx.now)
