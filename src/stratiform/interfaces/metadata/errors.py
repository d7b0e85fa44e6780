"""Errors of the metadata service: plain text, as webob renders them for clients that do not accept HTML."""

from http import HTTPStatus

from litestar import Response
from litestar.exceptions import HTTPException

from stratiform.interfaces.http import Request
from stratiform.kit.errors import Fault

TEXT = "text/plain"


def render_error(_request: Request, error: Exception) -> Response[str]:
    """Return the response for an error. Guests get no details of unexpected errors."""
    if isinstance(error, Fault):
        status, message = HTTPStatus(error.status), error.message
    elif isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        message = status.description
    else:
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        message = "An unknown error has occurred. Please try your request again."
    return Response(f"{status.value} {status.phrase}\n\n{message}\n", status_code=status.value, media_type=TEXT)
