"""Settings that all HTTP interfaces share. The names and defaults of `cors_…` are those of oslo.middleware."""

from dataclasses import dataclass, field
from typing import Any, Literal, cast

from litestar.datastructures import State

from stratiform.interfaces.rate_limits import RateLimiter

CORS_EXPOSE_HEADERS = (
    "X-Auth-Token",
    "X-OpenStack-Request-ID",
    "X-Compute-Request-Id",
    "X-Subject-Token",
    "X-Service-Token",
    "OpenStack-API-Version",
    "X-OpenStack-Nova-API-Version",
    "Location",
)
CORS_ALLOW_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CORS_ALLOW_HEADERS = (
    "X-Auth-Token",
    "X-OpenStack-Request-ID",
    "X-Subject-Token",
    "X-Service-Token",
    "X-Identity-Status",
    "X-Roles",
    "X-Project-Id",
    "X-Tenant-Id",
    "X-User-Id",
    "X-Domain-Id",
    "X-Service-Catalog",
    "OpenStack-API-Version",
    "X-OpenStack-Nova-API-Version",
    "X-Image-Meta-Store",
    "If-Match",
    "Range",
)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Settings of cross-origin requests, of the health check, of rate limits, and of audit events.

    `allowed_origin`: origins of browser applications, `*` for all; empty: cross-origin requests are not allowed.
    `max_age` in seconds. `disable_file`: while this file exists, the installation reports that it is not available.
    """

    allowed_origin: tuple[str, ...] = ()
    allow_credentials: bool = True
    expose_headers: tuple[str, ...] = CORS_EXPOSE_HEADERS
    max_age: int = 3600
    allow_methods: tuple[str, ...] = CORS_ALLOW_METHODS
    allow_headers: tuple[str, ...] = CORS_ALLOW_HEADERS
    healthcheck_detailed: bool = False
    disable_file: str = ""
    rate_limiter: RateLimiter = field(default_factory=RateLimiter)
    audit_requests: Literal["none", "changes", "all"] = "none"


_DEFAULTS = HttpSettings()


def get_http_settings(state: State) -> HttpSettings:
    """Return the settings from the application's state."""
    return cast("HttpSettings", cast("Any", state).get("http", _DEFAULTS))
