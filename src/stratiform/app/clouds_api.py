"""The Clouds API, which is the REST API, on a port of its own: clients of AccentOS expect it on port 9366."""

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from stratiform.interfaces.endpoints.dispatch import build_router
from stratiform.interfaces.health_check import build_health_check_routes
from stratiform.interfaces.http_settings import HttpSettings
from stratiform.interfaces.request_audit import RequestAuditMiddleware
from stratiform.interfaces.request_bodies import ANONYMOUS_BYTES, require_complete_bodies
from stratiform.interfaces.response_headers import add_headers, log_error
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.problems import render_problem
from stratiform.interfaces.services import Services


def build_application(services: Services, http: HttpSettings = HttpSettings()) -> Litestar:
    """Return an application with the REST API at its usual path."""
    audit = [] if http.audit_requests == "none" else [RequestAuditMiddleware]
    return Litestar(
        route_handlers=[*build_health_check_routes([""]), build_router(api)],
        before_send=[add_headers],
        after_exception=[log_error],
        exception_handlers={Exception: render_problem, HTTPException: render_problem},
        state=State({"services": services, "http": http}),
        logging_config=None,
        openapi_config=None,
        middleware=[*audit, require_complete_bodies],
        request_max_body_size=ANONYMOUS_BYTES,
    )
