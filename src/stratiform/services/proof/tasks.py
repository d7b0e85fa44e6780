"""Background tasks of proofs: signed checkpoints."""

from functools import partial

from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US
from stratiform.kit.work import Handler, Job, Requeue
from stratiform.services.proof.service import ProofService

_SIGN_EVERY_US = MINUTE_US
_THIN_OUT_EVERY_US = HOUR_US

#: Checkpoints older than this are thinned out to one an hour.
_KEPT_US = DAY_US


def handlers(proof: ProofService) -> dict[str, Handler]:
    """Return the handlers by kind of work."""
    return {
        "metering.checkpoint": partial(_sign_checkpoint, proof),
        "metering.checkpoints": partial(_thin_out_checkpoints, proof),
    }


def _sign_checkpoint(proof: ProofService, job: Job) -> Requeue:
    """Sign a checkpoint if the log has grown. The worker logs a contradiction with an earlier one."""
    with job.transaction() as db:
        proof.checkpoints.create(db, job.clock.now())
    return Requeue(_SIGN_EVERY_US)


def _thin_out_checkpoints(proof: ProofService, job: Job) -> Requeue:
    with job.transaction() as db:
        proof.checkpoints.thin_out(db, job.clock.now() - _KEPT_US)
    return Requeue(_THIN_OUT_EVERY_US)
