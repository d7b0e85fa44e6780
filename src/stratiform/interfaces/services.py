"""The services that interfaces use, and the transaction of a request.

One request is one transaction. `reading` and `writing` open it and authenticate the caller. An exception rolls it back;
after a commit the worker is woken.
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
    """Every service of an installation, and its environment.

    `url` is the public address without a slash at the end. `wake` wakes the worker. `stopping` is set before the server
    waits for its last responses, so that endless streams end.
    """

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
    """Return the id of a request, `req-…`, which is in the log and in the response."""
    return str(scope["state"].setdefault("request_id", f"req-{uuid4()}"))


@contextmanager
def reading(request: Request, token: str = "") -> Iterator[RequestContext]:
    """Open a transaction that only reads. `token`: if it is not in the header. Raises Unauthenticated."""
    services = services_of(request)
    with services.database.snapshot() as db:
        yield _call(request, services, db, token)


@contextmanager
def writing(request: Request) -> Iterator[RequestContext]:
    """Open a transaction that is committed at the end. Raises Unauthenticated."""
    services = services_of(request)
    with services.database.transaction() as db:
        yield _call(request, services, db, "")
    services.wake()


def require_token(request: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard of every API: reject requests without a token before the body is read. Raises Unauthenticated.

    `reading` and `writing` validate the token. Routes with the option `open_to_all` need none.
    """
    if not handler.opt.get("open_to_all") and not request.headers.get("x-auth-token"):
        raise Unauthenticated("The request you have made requires authentication.")


def _call(request: Request, services: Services, db: Connection, token: str) -> RequestContext:
    token, now = token or request.headers.get("x-auth-token", ""), services.clock.now()
    return RequestContext(db, services.identity.authenticate(db, token, now), now, request_id(request.scope))


T = TypeVar("T")

#: Errors of a body that is not JSON, or nests too deeply.
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(body: bytes, into: type[T]) -> T:
    """Decode a JSON body. Raises Invalid with the path of the error."""
    try:
        return msgspec.json.decode(body or b"null", type=into)
    except msgspec.ValidationError as error:
        raise Invalid(str(error)) from error
    except NOT_JSON as error:
        raise Invalid("The request body is not valid JSON.") from error
