"""Errors in each OpenStack service's own shape.

Source: the API references (Identity, Compute, Block Storage, Networking v2.0, Image v2) and their servers.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from stratiform.interfaces.services import Request
from stratiform.kit.errors import Fault, OverLimit

logger = logging.getLogger(__name__)

#: How Nova and Cinder name a status. Source: nova/api/openstack/wsgi.py, class Fault.
_NOVA_NAMES = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}

#: How Neutron names a kind of error that webob has no class for; the others are webob's, `HTTPNotFound`.
_NEUTRON_TYPES = {403: "PolicyNotAuthorized", 409: "Conflict"}

Body = dict[str, Any]


def _keystone(status: int, message: str, _fault: Fault | None) -> Body:
    return {"error": {"code": status, "message": message, "title": HTTPStatus(status).phrase}}


def _nova(status: int, message: str, _fault: Fault | None) -> Body:
    return {_NOVA_NAMES.get(status, "computeFault"): {"code": status, "message": message}}


def _neutron(status: int, message: str, fault: Fault | None) -> Body:
    of_webob = "HTTP" + HTTPStatus(status).phrase.replace(" ", "")
    kind = "OverQuota" if isinstance(fault, OverLimit) else _NEUTRON_TYPES.get(status, of_webob)
    kind = getattr(fault, "neutron_type", kind)
    return {"NeutronError": {"type": kind, "message": message, "detail": ""}}


def _glance(status: int, message: str, _fault: Fault | None) -> Body:
    return {"message": message, "code": f"{status} {HTTPStatus(status).phrase}", "title": HTTPStatus(status).phrase}


_SHAPES: dict[str, Callable[[int, str, Fault | None], Body]] = {
    "identity": _keystone,
    "compute": _nova,
    "volume": _nova,
    "network": _neutron,
    "image": _glance,
}


def answer(service: str, error: Exception) -> Response[Body]:
    """What `service` says of `error`. What we did not foresee is logged, and told without any detail."""
    headers: dict[str, str] = {}
    if isinstance(error, Fault):
        status, message, fault = error.status, error.message, error
    elif isinstance(error, HTTPException):
        status, message, fault = error.status_code, error.detail, None
        headers = dict(error.headers or {})
    else:
        logger.error("unforeseen in %s", service, exc_info=error)
        status, message, fault = 500, "An unexpected error prevented the server from fulfilling your request.", None
    if service == "network" and isinstance(fault, OverLimit):
        status = 409
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Keystone uri="/identity"'
    return Response(_SHAPES[service](status, message, fault), status_code=status, headers=headers)


def shaped(service: str) -> ExceptionHandlersMap:
    """The exception handlers of one service's router."""

    def handle(_request: Request, error: Exception) -> Response[Body]:
        return answer(service, error)

    return {Exception: handle, HTTPException: handle}


def by_path(request: Request, error: Exception) -> Response[Body]:
    """For what no router has taken: the shape of the service whose path it begins with."""
    first = request.url.path.strip("/").split("/", 1)[0]
    return answer(first if first in _SHAPES else "identity", error)
