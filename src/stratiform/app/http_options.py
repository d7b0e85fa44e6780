"""The settings that all HTTP interfaces share; a base of the settings of all programs."""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from stratiform.interfaces.http_settings import (
    CORS_ALLOW_HEADERS,
    CORS_ALLOW_METHODS,
    CORS_EXPOSE_HEADERS,
    HttpSettings,
)
from stratiform.interfaces.rate_limits import RateLimiter
from stratiform.kit.clock import SECOND_US
from stratiform.kit.settings import setting_field


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """Policy, rate limits, cross-origin requests, the health check and audit events."""

    policy_file: str = setting_field(
        "", "File with overrides of policy rules in the format of oslo.policy, relative to the home; empty: none."
    )
    cors_allowed_origin: tuple[str, ...] = setting_field(
        (), "Origins of browser applications that may use the APIs, such as https://portal.example.com; * for all."
    )
    cors_allow_credentials: bool = setting_field(
        True, "Whether cross-origin requests can include credentials, as in oslo.middleware."
    )
    cors_expose_headers: tuple[str, ...] = setting_field(
        CORS_EXPOSE_HEADERS, "Response headers that browser applications may read."
    )
    cors_max_age: Annotated[int, Meta(ge=0)] = setting_field(
        3600, "Number of seconds for which a browser can cache the response to a preflight request."
    )
    cors_allow_methods: tuple[str, ...] = setting_field(
        CORS_ALLOW_METHODS, "HTTP methods that cross-origin requests can use."
    )
    cors_allow_headers: tuple[str, ...] = setting_field(
        CORS_ALLOW_HEADERS, "Request headers that cross-origin requests can contain."
    )
    healthcheck_detailed: bool = setting_field(
        False, "Whether responses of /healthcheck contain (possibly sensitive) process details, as in oslo.middleware."
    )
    healthcheck_disable_by_file_path: str = setting_field(
        "", "While this file exists, /healthcheck returns 503, so that load balancers stop sending requests."
    )
    rate_limit_requests: Annotated[int, Meta(ge=0)] = setting_field(
        0, "Maximum number of requests per user and API process in rate_limit_interval; 0: unlimited."
    )
    rate_limit_interval: Annotated[int, Meta(ge=1)] = setting_field(
        60, "Interval in seconds to which rate_limit_requests applies."
    )
    audit_requests: Literal["none", "changes", "all"] = setting_field(
        "none", "Requests for which audit events (CADF) are published: none, changes (not GET or HEAD), or all."
    )

    @property
    def http(self) -> HttpSettings:
        return HttpSettings(
            allowed_origin=self.cors_allowed_origin,
            allow_credentials=self.cors_allow_credentials,
            expose_headers=self.cors_expose_headers,
            max_age=self.cors_max_age,
            allow_methods=self.cors_allow_methods,
            allow_headers=self.cors_allow_headers,
            healthcheck_detailed=self.healthcheck_detailed,
            disable_file=self.healthcheck_disable_by_file_path,
            audit_requests=self.audit_requests,
            rate_limiter=RateLimiter(self.rate_limit_requests, self.rate_limit_interval * SECOND_US),
        )
