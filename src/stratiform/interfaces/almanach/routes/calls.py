"""From a request to a call, and what most routes do with one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from litestar import Response

from stratiform.interfaces.almanach.auth import Almanach, almanach_of
from stratiform.interfaces.almanach.errors import HTML, NoActiveEntity
from stratiform.interfaces.almanach.views import Entity, TypeNames, merged, unnamed_types
from stratiform.interfaces.services import Request, Services, request_id, services_of
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.policy import Caller
from stratiform.services.ledger.model import RecordedSegment, Resource


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: who asks, in which transaction, and what answers."""

    ctx: RequestContext
    services: Services
    almanach: Almanach

    def history(self, kind: str, entity_id: str) -> Sequence[RecordedSegment]:
        """All segments of whatever has this id, whoever's they are."""
        return self.services.ingest.resource_updates.list_segments(self.ctx, entity_id, (kind,))

    def active(self, kind: str, entity_id: str) -> tuple[Resource, list[RecordedSegment]]:
        """What with this id is in use, and all its segments. Raises NoActiveEntity."""
        history = self.history(kind, entity_id)
        goes_on = [one for one in history if one.end is None]
        if not goes_on:
            raise NoActiveEntity(entity_id)
        of = Resource(goes_on[0].cloud, kind, entity_id)
        return of, [one for one in history if one.cloud == of.cloud]

    def place(self, kind: str, entity_id: str) -> Resource:
        """Where something is put that may be known: into the cloud that is known to have it."""
        history = self.history(kind, entity_id)
        clouds = [one.cloud for one in history if one.end is None] or [one.cloud for one in history]
        return Resource(clouds[0] if clouds else self.almanach.cloud, kind, entity_id)

    def entities(self, noted: Sequence[RecordedSegment]) -> tuple[list[Entity], TypeNames]:
        """`noted` as entities, with the names of their volumes' types."""
        ids = unnamed_types(noted)
        types = self.services.ledger.volume_types.list(self.ctx, sorted(ids)) if ids else []
        return merged(noted, self.almanach), {(kind.cloud, kind.id): kind.name for kind in types}


@contextmanager
def reading(request: Request) -> Iterator[Asked]:
    """Raises Unauthenticated, Unavailable."""
    services, caller = services_of(request), _caller(request)
    with services.database.snapshot() as db:
        yield _asked(request, db, caller)


@contextmanager
def telling(request: Request) -> Iterator[Asked]:
    """For whoever may tell the ledger something; committed at the end. Raises Unauthenticated, Forbidden,
    Unavailable."""
    services, caller = services_of(request), _caller(request)
    with services.database.transaction() as db:
        asked = _asked(request, db, caller)
        services.ingest.resource_updates.require_create(asked.ctx)
        yield asked
    services.wake()


def empty(status: int) -> Response[bytes]:
    """No body, of the type that Almanach gives even to none."""
    return Response(b"", status_code=status, media_type=HTML)


def _caller(request: Request) -> Caller:
    """Asked for with no transaction open: it may be another machine that knows."""
    return almanach_of(request).caller(services_of(request), request.headers.get("x-auth-token", ""))


def _asked(request: Request, db: Connection, caller: Caller) -> Asked:
    services = services_of(request)
    return Asked(
        RequestContext(db, caller, services.clock.now(), request_id(request.scope)), services, almanach_of(request)
    )
