"""The deletion of messages that have expired."""

from stratiform.kit.clock import DAY_US
from stratiform.kit.work_queue import Job, Requeue
from stratiform.services.volume.repository.messages import delete_expired

DELETE_MESSAGES = "volume.messages"


def delete_expired_messages(job: Job) -> Requeue:
    """Delete expired messages once a day, as Cinder does (`message_reap_interval`)."""
    with job.transaction() as db:
        delete_expired(db, job.clock.now())
    return Requeue(DAY_US)
