"""`compute.observe`: what a cloud has, beside what the rows say.

A row is corrected only where it is at rest and has not changed since some seconds before the cloud was
listed: what is on its way is its own handler's business, and a list is older than it looks.
"""

import logging
from dataclasses import replace

from stratiform.contract.compute import Compute, NativeServer, NativeServerState
from stratiform.contract.errors import NativeNotFound
from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.db import Connection
from stratiform.kit.work import Job, Requeue, enqueue
from stratiform.services.compute import events
from stratiform.services.compute.model.server import (
    ACTIVE,
    ERROR,
    NONE,
    POWER_SHUTDOWN,
    POWERING_OFF,
    RESIZED,
    STOPPED,
    Server,
)
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service import ComputeService
from stratiform.services.compute.service.parts import WORK
from stratiform.services.compute.tasks.look import write_loss

OBSERVE, SURVEY = "compute.observe", "compute.survey"
SURVEY_EVERY_US = 15 * SECOND_US

#: A row that changed so short a time before the list was asked for is left alone.
_FRESH_US = 5 * SECOND_US

logger = logging.getLogger(__name__)


def survey(service: ComputeService, job: Job) -> Requeue:
    """Ask that every cloud is looked at, and again some seconds later."""
    with job.apply() as db:
        for cloud in service.clouds.accounts.list_all(db):
            enqueue(db, OBSERVE, cloud.id, job.clock.now())
    return Requeue(SURVEY_EVERY_US)


def observe(service: ComputeService, job: Job) -> None:
    """List one cloud; delete what nobody owns, correct what differs."""
    cloud = service.clouds.connections.get(job.key).compute
    if cloud is None:
        return
    before = job.clock.now() - _FRESH_US
    machines = [machine for machine in cloud.list() if machine.state not in _ENDING]
    with job.database.snapshot() as db:
        rows = servers.in_cloud(db, job.key)
        ours = {row.id: row for row in rows}
        strangers = [machine.token for machine in machines if machine.token not in ours]
        deleted = servers.known(db, strangers)
    for machine in machines:
        _tidy(cloud, machine, ours.get(machine.token), known=machine.token in deleted)
    there = {machine.id: machine for machine in machines}
    for row in rows:
        if row.native_id and row.task_state == NONE and row.updated_at < before and not row.lost:
            _compare(service, job, cloud, row, there.get(row.native_id))


_ENDING = (NativeServerState.DELETING, NativeServerState.DELETED)


def _tidy(cloud: Compute, machine: NativeServer, row: Server | None, *, known: bool) -> None:
    """Delete a machine that no server has: its server is deleted, has failed, or has another machine.

    One whose token never was a server's is left alone: rows are kept for ever and written before anything
    is asked of a cloud, so it means that this database is not the one that the machine was made from.
    """
    if row is None and not known:
        logger.warning("machine %s: its token %s is no server here; left alone", machine.id, machine.token)
        return
    failed = row is not None and row.vm_state == ERROR and row.task_state == NONE and not row.native_id
    doubled = row is not None and row.native_id not in ("", machine.id)
    if row is None or failed or doubled:
        logger.warning("machine %s of server %s is nobody's: deleted", machine.id, machine.token)
        cloud.delete(machine.id)


def _compare(service: ComputeService, job: Job, cloud: Compute, row: Server, machine: NativeServer | None) -> None:
    if machine is None:
        if not _really_gone(cloud, row.native_id):
            return
    elif not _differs(row, machine):
        return
    with job.apply() as db:
        held = servers.locked(db, row.id)
        if held is None or held != row:
            return
        now = job.clock.now()
        if machine is None:
            logger.warning("server %s: its machine %s was deleted in the cloud", row.id, row.native_id)
            write_loss(db, service, held, now)
        else:
            _correct(db, service, held, machine, now)


def _differs(row: Server, machine: NativeServer) -> bool:
    if machine.state is NativeServerState.STOPPED:
        return row.vm_state == ACTIVE or (row.vm_state == RESIZED and row.power_on)
    return machine.state is NativeServerState.RUNNING and row.vm_state == STOPPED


def _correct(db: Connection, service: ComputeService, row: Server, machine: NativeServer, now: Micros) -> None:
    """As Nova's power sync: a machine that was stopped elsewhere is stopped here; one that should be is stopped."""
    if machine.state is NativeServerState.RUNNING:
        changed = replace(row, task_state=POWERING_OFF, power_on=False, updated_at=now)
        event = events.POWER_OFF_START
        enqueue(db, WORK, row.id, now)
    else:
        shown = RESIZED if row.vm_state == RESIZED else STOPPED
        changed = replace(row, vm_state=shown, power_on=False, power_state=POWER_SHUTDOWN, updated_at=now)
        event = events.POWER_OFF_END
    servers.save(db, changed)
    events.post(db, service.ids, event, changed, now, **events.changed(row))


def _really_gone(cloud: Compute, machine_id: str) -> bool:
    """A list may miss what is there; the question for the one machine does not."""
    try:
        return cloud.show(machine_id).state is NativeServerState.DELETED
    except NativeNotFound:
        return True
