"""The worker: background work of every service."""

import platform

from stratiform.app.settings import Settings
from stratiform.faces.stack import Stack
from stratiform.kit.db import Connection
from stratiform.kit.work import Handler, Worker, want
from stratiform.services.compute import tasks as compute
from stratiform.services.image import tasks as image
from stratiform.services.metering import tasks as metering
from stratiform.services.network import tasks as network
from stratiform.services.volume import tasks as volume

#: What is looked at again and again, from the first start on.
_STANDING = (
    ("compute.survey", "all"),
    ("volume.survey", "all"),
    ("metering.outbox", "all"),
    ("metering.checkpoint", "all"),
    ("metering.checkpoints", "all"),
    ("metering.retention", "all"),
    ("metering.survey", "all"),
)


def handlers(stack: Stack) -> dict[str, Handler]:
    """Every kind of work, and who does it."""
    return {
        **compute.handlers(stack.compute),
        **volume.handlers(stack.volume),
        **network.handlers(stack.network),
        **image.handlers(stack.image),
        **metering.handlers(stack.metering, stack.clouds),
    }


def worker(stack: Stack, settings: Settings) -> Worker:
    """A worker over `stack`, named by its machine and home, so that a later life of it is known."""
    with stack.database.transaction() as db:
        _want_standing(db, stack.clock.now())
    name = f"{platform.node()}:{settings.home}"[:50]
    return Worker(stack.database, handlers(stack), name=name, clock=stack.clock, threads=settings.worker_threads)


def _want_standing(db: Connection, now: int) -> None:
    for kind, key in _STANDING:
        want(db, kind, key, now)
