"""Background tasks of clouds: the daily checks of credentials."""

import logging
from functools import partial

from stratiform.kit.clock import MINUTE_US
from stratiform.kit.work_queue import Handler, Job, Requeue, enqueue
from stratiform.services.clouds.errors import CloudNotFound
from stratiform.services.clouds.model.credential_checks import CredentialStatus
from stratiform.services.clouds.repository.credential_checks import list_due_clouds
from stratiform.services.clouds.service import CloudsService

logger = logging.getLogger(__name__)

#: The kinds of work: one row that finds the clouds whose checks are due, and a row for each of these.
SCHEDULE_CHECKS = "clouds.credential_checks"
CHECK = "clouds.credential_check"

_SCHEDULE_EVERY_US = 10 * MINUTE_US


def build_handlers(clouds: CloudsService) -> dict[str, Handler]:
    """Return the handlers by kind of work."""
    return {SCHEDULE_CHECKS: _schedule_checks, CHECK: partial(_check_credentials, clouds)}


def _schedule_checks(job: Job) -> Requeue:
    now = job.clock.now()
    with job.transaction() as db:
        for cloud_id in list_due_clouds(db, now):
            enqueue(db, CHECK, cloud_id, now)
    return Requeue(_SCHEDULE_EVERY_US)


def _check_credentials(clouds: CloudsService, job: Job) -> None:
    """Check the credentials of one cloud, so that one that does not respond delays no other."""
    with job.database.read_transaction() as db:
        try:
            cloud = clouds.accounts.get_by_id(db, job.key)
        except CloudNotFound:
            return
    status = clouds.credential_checks.check_for_schedule(cloud, job.clock.now())
    if status is not CredentialStatus.VALID:
        logger.warning("credential check failed cloud=%s status=%s", cloud.name, status)
