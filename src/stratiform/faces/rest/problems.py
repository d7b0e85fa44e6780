"""Errors of our own API as RFC 9457 problem documents."""

import logging
from http import HTTPStatus
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException

from stratiform.faces.stack import Request
from stratiform.kit.errors import Fault

logger = logging.getLogger(__name__)

#: What to do about what the framework refuses; it says no more than the status.
_HINTS = {413: "16 MiB at most; send it in several requests"}


def problem(_request: Request, error: Exception) -> Response[dict[str, Any]]:
    """`{type, title, status, detail, hint?}`; what we did not foresee is logged and told without any detail."""
    hint = ""
    headers: dict[str, str] = {}
    if isinstance(error, Fault):
        status, detail, hint = error.status, error.message, error.hint
    elif isinstance(error, HTTPException):
        status, detail = error.status_code, error.detail
        headers = dict(error.headers or {})  # of 405: which methods there are
        hint = _HINTS.get(status, "")
    else:
        logger.error("unforeseen", exc_info=error)
        status, detail = 500, "Something went wrong here; the log says what."
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if hint:
        body["hint"] = hint
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Keystone uri="/identity"'
    return Response(body, status_code=status, headers=headers, media_type="application/problem+json")
