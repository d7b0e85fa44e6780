"""Errors of our own API as RFC 9457 problem documents."""

import logging
from http import HTTPStatus

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException

from stratiform.interfaces.services import Request
from stratiform.kit.errors import Fault

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

#: What to do about what the framework refuses; it says no more than the status.
_HINTS = {413: "16 MiB at most; send it in several requests"}


class Problem(msgspec.Struct):
    """What went wrong, for a person in `detail`; `hint` says what to do next, where that is known."""

    type: str
    title: str
    status: int
    detail: str
    hint: str | msgspec.UnsetType = msgspec.UNSET


def problem(_request: Request, error: Exception) -> Response[Problem]:
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
    body = Problem("about:blank", HTTPStatus(status).phrase, status, detail, hint or msgspec.UNSET)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Keystone uri="/identity"'
    return Response(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)
