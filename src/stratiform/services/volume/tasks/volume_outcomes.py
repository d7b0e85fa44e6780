"""Outcomes of operations on volumes: the row, the event, and the message about a failure."""

import logging
from typing import Any

from stratiform.kit.clock import Micros
from stratiform.kit.work_queue import Job
from stratiform.services.volume import events, repository
from stratiform.services.volume.model import Volume
from stratiform.services.volume.model.messages import Failure
from stratiform.services.volume.service import VolumeService

#: The status before the operation; it may have changed since the row was read.
PREVIOUS_STATUS = repository.volumes.table.c.previous_status

logger = logging.getLogger(__name__)


def complete_volume(
    service: VolumeService,
    job: Job,
    volume: Volume,
    event_type: str,
    now: Micros,
    *,
    failure: Failure | None = None,
    **values: Any,
) -> None:
    """Write an outcome, its event and the message about a failure, unless the status was changed in the meantime."""
    with job.transaction() as db:
        if not repository.update_in_status(db, volume, (volume.status,), now, **values):
            return
        updated = repository.volumes.find(db, volume.id)
        if updated is not None:
            events.append_event(db, service.ids, event_type, updated, now)
        if event_type == events.RESIZED:
            service.attachments.report_extension(db, volume.id, now)
        if failure is not None:
            service.messages.create(db, volume.project_id, volume.id, failure, now)


def fail_volume(
    service: VolumeService,
    job: Job,
    volume: Volume,
    status: str,
    reason: str,
    *,
    failure: Failure | None = None,
    **changes: Any,
) -> None:
    """Set an error status; the customer may delete the volume. `failure`: what the customer's message states."""
    logger.warning("volume operation failed volume=%s status=%s error=%r", volume.id, status, reason)
    values: dict[str, Any] = {"status": status, "fault": reason, "wanted_gib": volume.size_gib, **changes}
    if status == volume.previous_status:
        values["status"] = PREVIOUS_STATUS
    if status in ("error_deleting", "error_unmanaging"):
        values["terminated_at"] = None  # the native volume is still ours, so its usage continues
    complete_volume(service, job, volume, events.UPDATED, job.clock.now(), failure=failure, **values)
