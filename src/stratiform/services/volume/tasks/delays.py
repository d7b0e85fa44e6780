"""Delays between the steps of an operation."""

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.work_queue import Job, Requeue

_MIN_DELAY_US = SECOND_US // 5
_MAX_DELAY_US = 5 * SECOND_US


def build_requeue(job: Job, started_at: Micros) -> Requeue:
    """Requeue after a quarter of the time that the operation has taken."""
    elapsed = job.clock.now() - started_at
    return Requeue(max(_MIN_DELAY_US, min(elapsed // 4, _MAX_DELAY_US)))
