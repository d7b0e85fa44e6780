"""What every face is handed: the services, and the way from a request to a call.

One request is one transaction. `reading` and `writing` open it, ask who the caller is, and close it: what
is raised inside rolls back, and only after a commit is the worker woken.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast
from uuid import uuid4

import litestar
import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from stratiform.kit.clock import Clock
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection, Database
from stratiform.kit.errors import Invalid, Unauthenticated
from stratiform.kit.ids import Ids
from stratiform.services.audit.service import AuditService
from stratiform.services.billing.service import BillingService
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute.service import ComputeService
from stratiform.services.identity.service import IdentityService
from stratiform.services.image.service import ImageService
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.service import LedgerService
from stratiform.services.manifest import ServiceRegistry
from stratiform.services.network.service import NetworkService
from stratiform.services.proof.service import ProofService
from stratiform.services.rating.service import RatingService
from stratiform.services.volume.service import VolumeService

Request = litestar.Request[Any, Any, Any]

#: Handlers are plain functions; they run in the thread pool, because SQL and password hashing wait.
get = partial(litestar.get, sync_to_thread=True)
head = partial(litestar.head, sync_to_thread=True)
post = partial(litestar.post, sync_to_thread=True)
put = partial(litestar.put, sync_to_thread=True)
patch = partial(litestar.patch, sync_to_thread=True)
delete = partial(litestar.delete, sync_to_thread=True)


@dataclass(frozen=True, slots=True)
class Services:
    """The whole program as a face sees it. `url` is what clients reach us by, with no slash at the end;
    `wake` tells the worker that something may be due; `stopping` is set before the server waits for its last answers,
    so that those that would go on for ever end."""

    url: str
    region: str
    database: Database
    clock: Clock
    ids: Ids
    wake: Callable[[], None]
    registry: ServiceRegistry
    identity: IdentityService
    clouds: CloudsService
    network: NetworkService
    image: ImageService
    volume: VolumeService
    compute: ComputeService
    ledger: LedgerService
    ingest: IngestService
    proof: ProofService
    audit: AuditService
    rating: RatingService
    billing: BillingService
    stopping: threading.Event = field(default_factory=threading.Event)


def services_of(request: ASGIConnection[Any, Any, Any, Any]) -> Services:
    return cast("Services", request.app.state.services)


def request_id(scope: Scope) -> str:
    """`req-…`: one for each request, which the log and the answer carry."""
    return str(scope["state"].setdefault("request_id", f"req-{uuid4()}"))


@contextmanager
def reading(request: Request, token: str = "") -> Iterator[RequestContext]:
    """A call that changes nothing; `token` where it isn't in the header. Raises Unauthenticated."""
    services = services_of(request)
    with services.database.snapshot() as db:
        yield _call(request, services, db, token)


@contextmanager
def writing(request: Request) -> Iterator[RequestContext]:
    """A call that is committed at the end. Raises Unauthenticated."""
    services = services_of(request)
    with services.database.transaction() as db:
        yield _call(request, services, db, "")
    services.wake()


def shows_token(request: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of every API: nothing is read of a request that shows no token. Raises Unauthenticated.

    `reading` and `writing` ask whose token it is; a route that needs none says so with `open_to_all`.
    """
    if not handler.opt.get("open_to_all") and not request.headers.get("x-auth-token"):
        raise Unauthenticated("The request you have made requires authentication.")


def _call(request: Request, services: Services, db: Connection, token: str) -> RequestContext:
    token, now = token or request.headers.get("x-auth-token", ""), services.clock.now()
    return RequestContext(db, services.identity.authenticate(db, token, now), now, request_id(request.scope))


T = TypeVar("T")

#: What is raised for a body that is no JSON, or nests deeper than anything of ours.
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(body: bytes, into: type[T]) -> T:
    """The JSON body as a typed schema. Raises Invalid, with the place of what is wrong."""
    try:
        return msgspec.json.decode(body or b"null", type=into)
    except msgspec.ValidationError as error:
        raise Invalid(str(error)) from error
    except NOT_JSON as error:
        raise Invalid("The request body is not valid JSON.") from error
