"""Transactions of requests, for callers that are authenticated by the settings of the API."""

from collections.abc import Iterator
from contextlib import contextmanager

from stratiform.interfaces.almanach.settings import settings_of
from stratiform.interfaces.http import Request, request_id, services_of
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.policy import Caller


@contextmanager
def read_transaction(request: Request) -> Iterator[RequestContext]:
    """Raises Unauthenticated, Unavailable."""
    caller = _authenticate(request)
    with services_of(request).database.snapshot() as db:
        yield _build_context(request, db, caller)


@contextmanager
def write_transaction(request: Request) -> Iterator[RequestContext]:
    """Raises Unauthenticated, Unavailable."""
    services, caller = services_of(request), _authenticate(request)
    with services.database.transaction() as db:
        yield _build_context(request, db, caller)
    services.wake()


def _authenticate(request: Request) -> Caller:
    """Runs before the transaction is opened, because it may call a remote Keystone."""
    return settings_of(request).authenticate(services_of(request), request.headers.get("x-auth-token", ""))


def _build_context(request: Request, db: Connection, caller: Caller) -> RequestContext:
    return RequestContext(db, caller, services_of(request).clock.now(), request_id(request.scope))
