"""The tasks of imports, which clients can list. A background job does the work."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from stratiform.kit.clock import HOUR_US, SECOND_US, Clock, Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.kit.work_queue import enqueue
from stratiform.services.image.model import ImageTask
from stratiform.services.image.repository import image_tasks

#: A finished task is deleted after this time, as in Glance.
_LIFETIME_US = 48 * HOUR_US
_RENEWAL_INTERVAL_US = 10 * SECOND_US


def create_task(ctx: RequestContext, ids: Ids, task_type: str, image_id: str, values: dict[str, object]) -> ImageTask:
    """Create a task and enqueue its job."""
    image_tasks.delete_expired(ctx.db, ctx.now)
    task = ImageTask(
        id=ids.uuid(),
        type=task_type,
        status="pending",
        owner=ctx.caller.project_id or "",
        user_id=ctx.caller.user_id,
        request_id=ctx.request_id,
        image_id=image_id,
        input=values,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    enqueue(ctx.db, "image.import", task.id, ctx.now)
    return image_tasks.insert(ctx.db, task)


def succeed(task: ImageTask, image_id: str, now: Micros) -> ImageTask:
    """Return the task after its success."""
    return replace(task, status="success", result={"image_id": image_id}, updated_at=now, expires_at=now + _LIFETIME_US)


def fail(task: ImageTask, reason: str, now: Micros) -> ImageTask:
    """Return the task after its failure."""
    return replace(task, status="failure", message=reason, updated_at=now, expires_at=now + _LIFETIME_US)


def renew_lease(blocks: Iterator[bytes], keep_lease: Callable[[], None], clock: Clock) -> Iterator[bytes]:
    """Yield blocks, and call `keep_lease` every few seconds."""
    renewed_at = clock.now()
    for block in blocks:
        if clock.now() - renewed_at > _RENEWAL_INTERVAL_US:
            keep_lease()
            renewed_at = clock.now()
        yield block
