"""Errors as problem documents. Source: RFC 9457."""

from http import HTTPStatus

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException

from stratiform.interfaces.http import Request
from stratiform.kit.errors import Fault

MEDIA_TYPE = "application/problem+json"

INTERNAL_ERROR = "An internal error occurred; see the server log."


class Problem(msgspec.Struct):
    """A problem document: `detail` is for a person, `hint` is what to do next."""

    type: str
    title: str
    status: int
    detail: str
    hint: str | msgspec.UnsetType = msgspec.UNSET


def render_problem(_request: Request, error: Exception) -> Response[Problem]:
    """Return the response for an error. The client gets no details of unexpected errors."""
    hint = ""
    headers: dict[str, str] = {}
    if isinstance(error, Fault):
        status, detail, hint = error.status, error.message, error.hint
    elif isinstance(error, HTTPException):
        status, detail = error.status_code, error.detail
        headers = dict(error.headers or {})  # `Allow` of 405
    else:
        status, detail = 500, INTERNAL_ERROR
    problem = Problem("about:blank", HTTPStatus(status).phrase, status, detail, hint or msgspec.UNSET)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Keystone uri="/identity"'
    return Response(problem, status_code=status, headers=headers, media_type=MEDIA_TYPE)
