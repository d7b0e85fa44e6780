"""Transactions of requests, for callers that are authenticated by the settings of the API."""

from collections.abc import Iterator
from contextlib import contextmanager

from stratiform.interfaces.almanach.settings import get_settings
from stratiform.interfaces.http import Request, get_request_id, get_services
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.policy import Caller


@contextmanager
def read_transaction(request: Request) -> Iterator[RequestContext]:
    """Raises Unauthenticated, Unavailable."""
    caller = _authenticate(request)
    with get_services(request).database.read_transaction() as db:
        yield _build_context(request, db, caller)


@contextmanager
def write_transaction(request: Request) -> Iterator[RequestContext]:
    """Raises Unauthenticated, Unavailable."""
    services, caller = get_services(request), _authenticate(request)
    with services.database.transaction() as db:
        yield _build_context(request, db, caller)
    services.wake()


def _authenticate(request: Request) -> Caller:
    """Runs before the transaction is opened, because it may call a remote Keystone."""
    return get_settings(request).authenticate(get_services(request), request.headers.get("x-auth-token", ""))


def _build_context(request: Request, db: Connection, caller: Caller) -> RequestContext:
    return RequestContext(db, caller, get_services(request).clock.now(), get_request_id(request.scope))
