"""Headers for requests of browser applications from other origins, with the rules of oslo.middleware.

Source: W3C, "Cross-Origin Resource Sharing", sections 6.1 and 6.2; oslo_middleware/cors.py. The web portal is excluded:
it is used with cookies, which a browser sends from every page.
"""

from litestar.datastructures import Headers
from litestar.types import Scope

from stratiform.interfaces.http_settings import HttpSettings, get_http_settings

_PORTAL = "/dashboard"

#: Headers that every request may have.
_SIMPLE_HEADERS = (
    "accept",
    "accept-language",
    "content-type",
    "cache-control",
    "content-language",
    "expires",
    "last-modified",
    "pragma",
)


def build_cross_origin_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return the headers of a response, or none if the origin is not allowed."""
    settings = get_http_settings(scope["litestar_app"].state)
    request_headers = Headers.from_scope(scope)
    origin = _find_allowed_origin(settings, request_headers.get("origin", ""))
    if not origin or _is_portal(scope):
        return []
    headers = {"vary": "Origin", "access-control-allow-origin": origin}
    if settings.allow_credentials:
        headers["access-control-allow-credentials"] = "true"
    if scope.get("method") == "OPTIONS":
        permission = _build_preflight_headers(settings, request_headers)
        headers = headers | permission if permission else {}
    elif settings.expose_headers:
        headers["access-control-expose-headers"] = ",".join(settings.expose_headers)
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


def handles_preflight(scope: Scope) -> bool:
    """Return True if a request with the method OPTIONS is successful on every path, as with oslo.middleware."""
    is_enabled = bool(get_http_settings(scope["litestar_app"].state).allowed_origin)
    return scope.get("method") == "OPTIONS" and is_enabled and not _is_portal(scope)


def _find_allowed_origin(settings: HttpSettings, origin: str) -> str:
    """Return the value of Access-Control-Allow-Origin; "" if the origin is missing or not allowed."""
    if not origin or origin in settings.allowed_origin:
        return origin
    return "*" if "*" in settings.allowed_origin else ""


def _build_preflight_headers(settings: HttpSettings, request_headers: Headers) -> dict[str, str]:
    """Return what a preflight request permits; nothing if its method or one of its headers is not allowed."""
    method = request_headers.get("access-control-request-method", "")
    names = [name.strip() for name in request_headers.get("access-control-request-headers", "").split(",")]
    names = [name for name in names if name]
    allowed = {*_SIMPLE_HEADERS, *(name.lower() for name in settings.allow_headers)}
    if method not in settings.allow_methods or any(name.lower() not in allowed for name in names):
        return {}
    headers = {"access-control-allow-methods": method}
    if settings.max_age:
        headers["access-control-max-age"] = str(settings.max_age)
    if names:
        headers["access-control-allow-headers"] = ",".join(names)
    return headers


def _is_portal(scope: Scope) -> bool:
    path = scope["path"]
    return path == _PORTAL or path.startswith(f"{_PORTAL}/")
