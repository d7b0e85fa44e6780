"""What every response has: the request id, and headers for browsers that display it or keep a copy.

Source: OWASP, "HTTP Security Response Headers Cheat Sheet" and "REST Security Cheat Sheet".
"""

import logging

from litestar.exceptions import HTTPException
from litestar.types import Message, Scope

from stratiform.interfaces.cross_origin import build_cross_origin_headers
from stratiform.interfaces.http import get_global_request_id, get_request_id
from stratiform.kit.errors import Fault, Unavailable

logger = logging.getLogger(__name__)

#: Headers of responses that do not set them. A referrer stays on this site, so that forms keep their `Origin`.
_DEFAULTS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
}

#: For one year, as RFC 6797 recommends; only if clients use TLS, here or at a proxy.
_STRICT_TRANSPORT_SECURITY = (b"strict-transport-security", b"max-age=31536000")


async def add_headers(message: Message, scope: Scope) -> None:
    """Add headers to the start of a response, also if no route matches."""
    if message["type"] != "http.response.start":
        return
    headers = list(message["headers"])
    names = {name.lower() for name, _ in headers}
    headers += [(name, text) for name, text in _DEFAULTS.items() if name not in names]
    if "retry_after_s" in scope["state"]:
        headers.append((b"retry-after", str(scope["state"]["retry_after_s"]).encode()))
    headers += build_cross_origin_headers(scope)
    if scope["litestar_app"].state.services.url.startswith("https:"):
        headers.append(_STRICT_TRANSPORT_SECURITY)
    message["headers"] = [*headers, (b"x-openstack-request-id", get_request_id(scope).encode())]


def log_error(error: Exception, scope: Scope) -> None:
    """Log why a request failed. Responses do not contain these details."""
    request_id = get_request_id(scope)
    if global_request_id := get_global_request_id(scope):
        request_id = f"{request_id} global_request_id={global_request_id}"
    if isinstance(error, Unavailable) and error.reason:
        logger.error("request failed error=%r request_id=%s", str(error), request_id)
    elif not isinstance(error, Fault | HTTPException):
        method, path = scope.get("method", ""), scope["path"]
        logger.error("unexpected error method=%s path=%r request_id=%s", method, path, request_id, exc_info=error)
