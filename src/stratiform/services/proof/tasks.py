"""Background tasks: signing and pruning of checkpoints."""

from functools import partial

from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US
from stratiform.kit.work_queue import Handler, Job, Requeue
from stratiform.services.proof.service import ProofService

_SIGN_EVERY_US = MINUTE_US
_PRUNE_EVERY_US = HOUR_US

#: Of checkpoints older than this, one per hour is kept.
_RETENTION_US = DAY_US


def build_handlers(proof: ProofService) -> dict[str, Handler]:
    """Return the handlers by kind of work."""
    return {
        "proof.checkpoint": partial(_sign_checkpoint, proof),
        "proof.checkpoint_pruning": partial(_prune_checkpoints, proof),
    }


def _sign_checkpoint(proof: ProofService, job: Job) -> Requeue:
    """Sign a checkpoint if the log has grown. The worker logs a contradiction with an earlier one."""
    with job.transaction() as db:
        proof.checkpoints.create(db, job.clock.now())
    return Requeue(_SIGN_EVERY_US)


def _prune_checkpoints(proof: ProofService, job: Job) -> Requeue:
    with job.transaction() as db:
        proof.checkpoints.prune(db, job.clock.now() - _RETENTION_US)
    return Requeue(_PRUNE_EVERY_US)
