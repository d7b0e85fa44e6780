"""From an HTTP request to an action, and from its result to XML.

The order is the same for every action: signature, action, rule, parameters. One request is one transaction, which a
dry run rolls back.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl

import litestar
from litestar import Response, Router
from litestar.concurrency import sync_to_thread
from litestar.exceptions import HTTPException

from stratiform.interfaces.ec2.api import Ec2Action, Ec2Request, import_actions
from stratiform.interfaces.ec2.api import Response as Values
from stratiform.interfaces.ec2.errors import DryRunOperation, Ec2Error, render_error
from stratiform.interfaces.ec2.parameters import Parameters
from stratiform.interfaces.ec2.settings import PATH
from stratiform.interfaces.ec2.xml_format import XML, render_response
from stratiform.interfaces.http import Request, get_request_id, get_services
from stratiform.interfaces.request_bodies import read_body
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.identity.errors import AuthenticationFailed
from stratiform.services.identity.model.aws_signatures import SignedRequest

#: The size limit of bodies in bytes: user data of 16 KiB in base64, percent-encoded, and other parameters. The
#: signature covers the whole body, so it is read before the caller is known, but not without a signature.
_MAX_BODY_BYTES = 64 * 1024

_FORM = "application/x-www-form-urlencoded"

#: Query parameters with a signature, versions 4 and 2.
_SIGNATURES = {"X-Amz-Signature", "Signature"}

Pairs = tuple[tuple[str, str], ...]


@litestar.post("/", status_code=200, include_in_schema=False, request_max_body_size=None)
async def handle_post(request: Request) -> Response[bytes]:
    async def require_signature() -> None:
        if "authorization" not in request.headers and not _SIGNATURES & request.query_params.keys():
            raise AuthenticationFailed

    body = await read_body(request, _MAX_BODY_BYTES, require_signature)
    return await sync_to_thread(_respond, request, body)


@litestar.get("/", include_in_schema=False, sync_to_thread=True)
def handle_get(request: Request) -> Response[bytes]:
    return _respond(request, b"")


def build_router() -> Router:
    """Return the routes of the API."""
    import_actions()
    return Router(
        path=PATH,
        route_handlers=[handle_get, handle_post],
        exception_handlers={Exception: render_error, HTTPException: render_error},
    )


def _respond(request: Request, body: bytes) -> Response[bytes]:
    query = _parse_pairs(request.url.query)
    form = _parse_pairs(body.decode(errors="replace")) if _is_form(request) else ()
    signed = _build_signed_request(request, query, form, body)
    services = get_services(request)

    def authenticate(db: Connection) -> RequestContext:
        now = services.clock.now()
        caller = services.identity.authenticate_signature(db, signed, now, path=PATH)
        return RequestContext(db, caller, now, get_request_id(request.scope))

    ec2_request = Ec2Request(Parameters({}), services, authenticate)
    selected = _authorize(ec2_request, dict((*query, *form)).get("Action", ""))
    parameters = Parameters.parse((*query, *form))
    result = _run(selected, Ec2Request(parameters, services, authenticate))
    return Response(render_response(selected.name, get_request_id(request.scope), result), media_type=XML)


def _authorize(request: Ec2Request, name: str) -> Ec2Action:
    """Return the action. Raises AuthenticationFailed, Ec2Error for an unknown action, Forbidden."""
    with request.read_transaction() as ctx:
        selected = import_actions().get(name)
        if selected is None:
            raise Ec2Error("InvalidAction", f"The action {name} is not valid for this web service.")
        ctx.caller.require_project_id()
        if not selected.rule.allows_some_resource(ctx.caller):
            raise selected.rule.build_forbidden_error()
        return selected


def _run(selected: Ec2Action, request: Ec2Request) -> Values:
    is_dry_run = request.parameters.get_flag("DryRun")
    if selected.manages_transactions:
        if is_dry_run:
            raise DryRunOperation
        return selected.function(request)
    with _open_transaction(selected, request) as ctx:
        result = selected.function(Ec2Request(request.parameters, request.services, request.authenticate, ctx))
        if is_dry_run:
            raise DryRunOperation
        return result


@contextmanager
def _open_transaction(selected: Ec2Action, request: Ec2Request) -> Iterator[RequestContext]:
    transaction = request.read_transaction if selected.is_read_only else request.write_transaction
    with transaction() as ctx:
        yield ctx


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM


def _parse_pairs(text: str) -> Pairs:
    return tuple(parse_qsl(text, keep_blank_values=True))


def _build_signed_request(request: Request, query: Pairs, form: Pairs, body: bytes) -> SignedRequest:
    path = bytes(request.scope.get("raw_path", b"")).partition(b"?")[0].decode("latin-1")
    return SignedRequest(
        method=request.method,
        path=path,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body_sha256=hashlib.sha256(body).hexdigest(),
        form=form,
    )
