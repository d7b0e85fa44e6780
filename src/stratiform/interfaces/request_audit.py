"""Audit events of requests in the Cloud Audit Data Federation format (CADF), for every API.

As with keystonemiddleware, there are two events: `audit.http.request` before a request is processed, and
`audit.http.response` with its outcome before the client gets the response. So a process that is killed in between
leaves the first one.

Source: DMTF DSP0262 (CADF); keystonemiddleware/audit; the audit maps of pycadf.
"""

import logging
from contextlib import suppress
from typing import Any, Literal, cast

from anyio import to_thread
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from stratiform.interfaces.http import get_global_request_id, get_request_id
from stratiform.interfaces.http_settings import get_http_settings
from stratiform.interfaces.services import Services
from stratiform.kit import outbox
from stratiform.kit.clock import format_iso
from stratiform.kit.database import Connection
from stratiform.kit.errors import Fault
from stratiform.kit.policy import Caller

logger = logging.getLogger(__name__)

Outcome = Literal["pending", "success", "failure"]

#: The type of a service's resources by the first segment of the path. Others are not audited.
_SERVICE_TYPES = {
    "api": "service/bss",
    "compute": "service/compute",
    "identity": "service/security",
    "image": "service/storage/image",
    "network": "service/network",
    "volume": "service/storage/block",
}

_CHANGES = frozenset(("DELETE", "PATCH", "POST", "PUT"))

#: Segments of paths that are versions of an API, or the project of Block Storage.
_VERSIONS = frozenset(("v1", "v2", "v2.0", "v2.1", "v3", "{project_id}"))

_UNKNOWN = "unknown"
_FIRST_ERROR = 400


class RequestAuditMiddleware:
    """Writes events of changes, or of all requests, to the outbox. It is not installed if no request is audited."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = cast("HTTPScope", scope)
        if scope["type"] != ScopeType.HTTP or not _is_audited(request):
            await self._app(scope, receive, send)
            return

        async def send_after_event(message: Message) -> None:
            if message["type"] == "http.response.start":
                await to_thread.run_sync(_append_event, request, message["status"])
            await send(message)

        await to_thread.run_sync(_append_event, request, 0)
        await self._app(scope, receive, send_after_event)


def _is_audited(scope: HTTPScope) -> bool:
    audits_all = get_http_settings(scope["litestar_app"].state).audit_requests == "all"
    return _get_segments(scope)[0] in _SERVICE_TYPES and (audits_all or scope["method"] in _CHANGES)


def _append_event(scope: HTTPScope, status: int) -> None:
    """Append one event in its own transaction. `status` 0: the request is not processed yet."""
    services: Services = scope["litestar_app"].state.services
    with suppress(Fault):
        services.identity.prepare_token(services.database, _get_token(scope))
    with services.database.transaction() as db:
        now, state = services.clock.now(), scope["state"]
        if "audit_caller" not in state:
            state["audit_caller"] = _find_caller(scope, services, db)
        event = outbox.Event(
            message_id=services.ids.uuid(),
            event_type="audit.http.response" if status else "audit.http.request",
            publisher_id=f"{_get_segments(scope)[0]}.stratiform",
            at=now,
            cloud="",
            payload={
                "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event",
                "eventType": "activity",
                "id": services.ids.uuid(),
                "eventTime": format_iso(now).replace("Z", "+0000"),
                "action": _get_action(scope),
                "outcome": _get_outcome(status),
                "initiator": _build_initiator(scope, state["audit_caller"]),
                "target": _build_target(scope),
                "observer": {"id": "target"},
                "requestPath": scope["path"],
                "tags": [f"correlation_id?value={get_request_id(scope)}"],
                **({"reason": {"reasonType": "HTTP", "reasonCode": str(status)}} if status else {}),
            },
        )
        outbox.append_unmetered_event(db, event)


def _get_token(scope: HTTPScope) -> str:
    return dict(scope["headers"]).get(b"x-auth-token", b"").decode("latin-1")


def _find_caller(scope: HTTPScope, services: Services, db: Connection) -> Caller | None:
    """Return the caller; None for a request without a valid token."""
    try:
        return services.identity.authenticate(
            db, _get_token(scope), services.clock.now(), method=scope["method"], path=scope["path"], service_token_id=""
        )
    except Fault:
        return None


def _get_outcome(status: int) -> Outcome:
    if not status:
        return "pending"
    return "failure" if status >= _FIRST_ERROR else "success"


def _get_segments(scope: HTTPScope) -> list[str]:
    """Return the segments of the route, such as `compute`, `v2.1`, `servers`, `{server_id}`."""
    template = scope.get("path_template") or scope["path"]
    return template.replace(":str}", "}").replace(":path}", "}").strip("/").split("/")


def _get_action(scope: HTTPScope) -> str:
    """Return the action of CADF's taxonomy."""
    method, last = scope["method"], _get_segments(scope)[-1]
    if method == "POST" and last == "tokens":
        return "authenticate"
    if method == "POST" and last == "action":
        return "/".join(filter(None, ("update", scope["state"].get("action", ""))))
    if method == "GET":
        return "read" if last.startswith("{") else "read/list"
    return {"POST": "create", "DELETE": "delete", "HEAD": "read"}.get(method, "update")


def _build_target(scope: HTTPScope) -> dict[str, str]:
    """Return the resource: `service/compute/servers/server` is one of `servers`, whose parameter is `server_id`."""
    service, *segments = _get_segments(scope)
    types = [segment.strip("{}").removesuffix("_id") for segment in segments if segment not in _VERSIONS]
    parameters = [str(value) for name, value in scope["path_params"].items() if name != "project_id"]
    return {
        "typeURI": "/".join((_SERVICE_TYPES[service], *types)),
        "id": parameters[-1] if parameters else service,
        "name": service,
    }


def _build_initiator(scope: HTTPScope, caller: Caller | None) -> dict[str, Any]:
    """Return who sends the request. The token is not part of it."""
    headers = dict(scope["headers"])
    client = scope["client"]
    return {
        "typeURI": "service/security/account/user",
        "id": caller.user_id if caller else _UNKNOWN,
        "name": caller.user_id if caller else _UNKNOWN,
        "project_id": (caller.project_id if caller else None) or _UNKNOWN,
        "host": {
            "address": client[0] if client else _UNKNOWN,
            "agent": headers.get(b"user-agent", b"").decode("latin-1")[:255],
        },
        "credential": {"token": "***", "identity_status": "Confirmed" if caller else "Invalid"},
        "request_id": get_request_id(scope),
        "global_request_id": get_global_request_id(scope) or None,
    }
