"""The API: every interface on one port."""

from collections.abc import Callable
from typing import Any

from litestar import Litestar, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin

from stratiform import __version__
from stratiform.interfaces.almanach.api import build_router as almanach_router
from stratiform.interfaces.almanach.errors import render_error as render_almanach_error
from stratiform.interfaces.almanach.settings import AlmanachSettings
from stratiform.interfaces.consoles.novnc_files import show_novnc_file
from stratiform.interfaces.consoles.proxy import connect_console
from stratiform.interfaces.consoles.settings import ConsoleSettings
from stratiform.interfaces.cross_origin import handles_preflight
from stratiform.interfaces.ec2.dispatch import build_router as ec2_router
from stratiform.interfaces.ec2.errors import render_error as render_ec2_error
from stratiform.interfaces.endpoints.dispatch import build_router
from stratiform.interfaces.endpoints.openapi import build_document_route
from stratiform.interfaces.health_check import build_health_check_routes
from stratiform.interfaces.http import Request
from stratiform.interfaces.http_settings import HttpSettings
from stratiform.interfaces.metadata.api import build_router as metadata_router
from stratiform.interfaces.metadata.errors import render_error as render_metadata_error
from stratiform.interfaces.metadata.settings import MetadataSettings
from stratiform.interfaces.openstack import version_documents
from stratiform.interfaces.openstack.apis import APIS
from stratiform.interfaces.portal.routes import render_error as render_portal_error
from stratiform.interfaces.portal.routes import router as portal
from stratiform.interfaces.request_audit import RequestAuditMiddleware
from stratiform.interfaces.request_bodies import ANONYMOUS_BYTES, require_complete_bodies
from stratiform.interfaces.response_headers import add_headers, log_error
from stratiform.interfaces.rest.api import api as rest
from stratiform.interfaces.rest.problems import render_problem
from stratiform.interfaces.services import Services

ErrorHandler = Callable[[Request, Exception], Response[Any]]

#: The handler of errors outside of the routes, by the first segment of the path.
_ERROR_HANDLERS: dict[str, ErrorHandler] = {
    **{api.name: api.exception_handlers[Exception] for api in APIS},
    "almanach": render_almanach_error,
    "api": render_problem,
    "dashboard": render_portal_error,
    "ec2": render_ec2_error,
    "metadata": render_metadata_error,
}


class _Application(Litestar):
    """Litestar without its plugins for pydantic and attrs: no handler uses them, and their import takes long."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


def _render_error(request: Request, error: Exception) -> Response[Any]:
    """Handle errors outside of the routes in the format of the interface that the path belongs to."""
    if handles_preflight(request.scope):
        return Response(b"", status_code=200)
    first_segment = request.url.path.strip("/").split("/", 1)[0]
    return _ERROR_HANDLERS.get(first_segment, _ERROR_HANDLERS["identity"])(request, error)


def build_application(
    services: Services,
    almanach: AlmanachSettings | None = None,
    metadata: MetadataSettings | None = None,
    http: HttpSettings = HttpSettings(),
    consoles: ConsoleSettings | None = None,
) -> Litestar:
    """Return the ASGI application.

    `almanach`, `metadata`, `consoles`: settings of these interfaces; `http`: those of all interfaces.
    """
    audit = [] if http.audit_requests == "none" else [RequestAuditMiddleware]
    return _Application(
        route_handlers=[
            *build_health_check_routes(["", *(f"/{api.name}" for api in APIS)]),
            *version_documents.build_version_routes(APIS),
            build_router(rest),
            build_document_route("/api/docs/openapi.json", [rest], title="Stratiform", version=__version__),
            *[api.build_router() for api in APIS],
            portal,
            almanach_router(),
            metadata_router(),
            ec2_router(),
            connect_console,
            show_novnc_file,
        ],
        before_send=[add_headers],
        after_exception=[log_error],
        exception_handlers={Exception: _render_error, HTTPException: _render_error},
        state=State(
            {
                "services": services,
                "almanach": almanach or AlmanachSettings(),
                "metadata": metadata or MetadataSettings(),
                "consoles": consoles or ConsoleSettings(),
                "http": http,
            }
        ),
        logging_config=None,  # configured in kit.log, which masks secrets
        openapi_config=None,  # the declarations of the endpoints describe more
        middleware=[*audit, require_complete_bodies],
        request_max_body_size=ANONYMOUS_BYTES,  # endpoints read larger bodies after the caller is known
    )
