"""The worker: background tasks of every service."""

import platform

from stratiform.app import notifications
from stratiform.app.manifests import SERVICES
from stratiform.app.settings import Settings
from stratiform.interfaces.services import Services
from stratiform.kit.work_queue import Handler, Worker, enqueue


def collect_handlers(services: Services) -> dict[str, Handler]:
    """Return the handlers of all services by kind of work."""
    return {kind: handler for manifest in SERVICES for kind, handler in manifest.handlers(services.registry).items()}


def build_worker(services: Services, settings: Settings) -> Worker:
    """Return a worker. Its name is the same after a restart, so that it frees its own leases."""
    with services.database.transaction() as db:
        for manifest in SERVICES:
            for kind in manifest.recurring:
                enqueue(db, kind, "all", services.clock.now())
    name = f"{platform.node()}:{settings.home}"[:50]
    handlers = collect_handlers(services) | notifications.build_handlers(settings)
    return Worker(services.database, handlers, name=name, clock=services.clock, threads=settings.worker_threads)
