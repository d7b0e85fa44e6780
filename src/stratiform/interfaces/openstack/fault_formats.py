"""Errors in the format of each OpenStack service.

Source: the API references (Identity, Compute, Block Storage, Networking v2.0, Image v2) and the services' code.
"""

from collections.abc import Callable
from html import escape
from http import HTTPStatus

from litestar import MediaType, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.types import ExceptionHandlersMap

from stratiform.interfaces.http import Request, ends_with_slash
from stratiform.interfaces.rate_limits import RateLimitExceeded
from stratiform.kit.errors import Fault, OverLimit

#: Nova's and Cinder's names of a status. Source: nova/api/openstack/wsgi.py, class Fault.
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

#: Neutron's types of errors that webob has no class for; others are webob's, such as `HTTPNotFound`.
_NEUTRON_TYPES = {403: "PolicyNotAuthorized", 409: "Conflict"}

_INTERNAL_ERROR = "An unexpected error prevented the server from fulfilling your request."

#: webob's text for a path without a route.
_NO_ROUTE = "The resource could not be found."

Body = dict[str, object]

#: Makes a body from status, message and the fault, if it is one of ours.
FaultFormat = Callable[[int, str, Fault | None], Body]


def format_keystone_fault(status: int, message: str, _fault: Fault | None) -> Body:
    return {"error": {"code": status, "message": message, "title": HTTPStatus(status).phrase}}


def format_nova_fault(status: int, message: str, fault: Fault | None) -> Body:
    """Cinder uses the same format."""
    error: Body = {"code": status, "message": message}
    if isinstance(fault, RateLimitExceeded):
        error["retryAfter"] = str(fault.retry_after_s)
    return {_NOVA_NAMES.get(status, "computeFault"): error}


def format_neutron_fault(status: int, message: str, fault: Fault | None) -> Body:
    webob_name = "HTTP" + HTTPStatus(status).phrase.replace(" ", "")
    default = "OverQuota" if isinstance(fault, OverLimit) else _NEUTRON_TYPES.get(status, webob_name)
    error_type = getattr(fault, "neutron_type", default)
    return {"NeutronError": {"type": error_type, "message": message, "detail": ""}}


def format_glance_fault(status: int, message: str, _fault: Fault | None) -> Body:
    return {"message": message, "code": f"{status} {HTTPStatus(status).phrase}", "title": HTTPStatus(status).phrase}


def render_webob_page(body: Body) -> str:
    """Return the body of `format_glance_fault` as HTML. Source: webob.exc.WSGIHTTPException."""
    code, message = escape(str(body["code"])), escape(str(body["message"]))
    return (
        f"<html>\n <head>\n  <title>{code}</title>\n </head>\n <body>\n  <h1>{code}</h1>\n"
        f"  {message}<br /><br />\n\n\n </body>\n</html>"
    )


def build_fault_handlers(
    fault_format: FaultFormat, *, render_page: Callable[[Body], str] | None = None
) -> ExceptionHandlersMap:
    """Return the exception handlers of an API whose errors have this format.

    `render_page` makes an HTML page of an error for clients that accept every media type, such as `glance`.
    """

    def handle(request: Request, error: Exception) -> Response[Body] | Response[str]:
        if isinstance(error, MethodNotAllowedException) and ends_with_slash(request):
            error = NotFoundException()  # a resource with an empty id
        response = _render(fault_format, error)
        if render_page is None or _prefers_json(request):
            return response
        page = render_page(response.content)
        return Response(
            page, status_code=response.status_code, headers=dict(response.headers), media_type=MediaType.HTML
        )

    return {Exception: handle, HTTPException: handle}


def _prefers_json(request: Request) -> bool:
    """Return True unless the client accepts HTML and does not name JSON. Source: webob.exc.WSGIHTTPException."""
    accept = request.headers.get("accept", "*/*")
    return "json" in accept or not ("text/html" in accept or "*/*" in accept)


def _render(fault_format: FaultFormat, error: Exception) -> Response[Body]:
    """Return the response for an error. The client gets no details of unexpected errors."""
    headers: dict[str, str] = {}
    fault = error if isinstance(error, Fault) else None
    if isinstance(error, Fault):
        status, message = error.status, error.message
    elif isinstance(error, HTTPException):
        status, headers = error.status_code, dict(error.headers or {})
        message = _NO_ROUTE if status == HTTPStatus.NOT_FOUND else error.detail
    else:
        status, message = HTTPStatus.INTERNAL_SERVER_ERROR, _INTERNAL_ERROR
    if fault_format is format_neutron_fault and isinstance(fault, OverLimit):
        status = HTTPStatus.CONFLICT
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Keystone uri="/identity"'
    return Response(fault_format(int(status), message, fault), status_code=int(status), headers=headers)
