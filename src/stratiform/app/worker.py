"""The worker: background tasks of every service."""

import platform

from stratiform.app.settings import Settings
from stratiform.interfaces.services import Services
from stratiform.kit.db import Connection
from stratiform.kit.work import Handler, Worker, enqueue
from stratiform.services.compute import tasks as compute
from stratiform.services.image import tasks as image
from stratiform.services.ingest import tasks as ingest
from stratiform.services.network import tasks as network
from stratiform.services.proof import tasks as proof
from stratiform.services.volume import tasks as volume

#: Work that always exists: its handlers requeue it.
_RECURRING = (
    ("compute.survey", "all"),
    ("volume.survey", "all"),
    ("metering.outbox", "all"),
    ("metering.checkpoint", "all"),
    ("metering.checkpoints", "all"),
    ("metering.retention", "all"),
    ("metering.survey", "all"),
)


def handlers(services: Services) -> dict[str, Handler]:
    """Return the handlers of all services by kind of work."""
    return {
        **compute.handlers(services.compute),
        **volume.handlers(services.volume),
        **network.handlers(services.network),
        **image.handlers(services.image),
        **ingest.handlers(services.ingest, services.clouds),
        **proof.handlers(services.proof),
    }


def worker(services: Services, settings: Settings) -> Worker:
    """Return a worker. Its name is the same after a restart, so that it frees its own leases."""
    with services.database.transaction() as db:
        _enqueue_recurring(db, services.clock.now())
    name = f"{platform.node()}:{settings.home}"[:50]
    return Worker(
        services.database, handlers(services), name=name, clock=services.clock, threads=settings.worker_threads
    )


def _enqueue_recurring(db: Connection, now: int) -> None:
    for kind, key in _RECURRING:
        enqueue(db, kind, key, now)
