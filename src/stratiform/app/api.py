"""The API: every face on one port."""

from typing import Any

from litestar import Litestar, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from stratiform import __version__
from stratiform.interfaces.almanach.errors import render_error as render_almanach_error
from stratiform.interfaces.almanach.routes import router as almanach_router
from stratiform.interfaces.almanach.settings import AlmanachSettings
from stratiform.interfaces.openstack import faults, versions
from stratiform.interfaces.openstack.compute.routes import router as compute
from stratiform.interfaces.openstack.identity.routes import router as identity
from stratiform.interfaces.openstack.image.routes import router as image
from stratiform.interfaces.openstack.network.routes import router as network
from stratiform.interfaces.openstack.volume.api import api as volume
from stratiform.interfaces.portal.routes import render_error as render_portal_error
from stratiform.interfaces.portal.routes import router as portal
from stratiform.interfaces.rest.description import Description
from stratiform.interfaces.rest.problems import problem
from stratiform.interfaces.rest.routes import router as rest
from stratiform.interfaces.services import Request, Services

_OPENSTACK = (identity, compute, network, image)


def _by_path(request: Request, error: Exception) -> Response[Any]:
    """What no route has taken: the face whose path it begins with says so in its own way."""
    if request.url.path.startswith("/dashboard"):
        return render_portal_error(request, error)
    if request.url.path.startswith("/api/"):
        return problem(request, error)
    if request.url.path.startswith("/almanach/"):
        return render_almanach_error(request, error)
    return faults.by_path(request, error)


def application(services: Services, almanach: AlmanachSettings | None = None) -> Litestar:
    """The ASGI application over `services`. `almanach`: settings of the Almanach API."""
    return Litestar(
        route_handlers=[
            *versions.documents(),
            *_OPENSTACK,
            volume.router(),
            rest,
            portal,
            almanach_router("/almanach"),
        ],
        before_send=[versions.tell_request_id],
        exception_handlers={Exception: _by_path, HTTPException: _by_path},
        state=State({"services": services, "almanach": almanach or AlmanachSettings()}),
        logging_config=None,  # the log is the program's own, see kit.log: it hides secrets
        # Only the description itself: the pages that show it would load scripts from elsewhere.
        openapi_config=OpenAPIConfig(
            title="Stratiform",
            version=__version__,
            path="/api/docs",
            render_plugins=[Description()],
            components=Components(
                security_schemes={"token": SecurityScheme("apiKey", name="X-Auth-Token", security_scheme_in="header")}
            ),
            security=[{"token": []}],
        ),
        # A body is read as a stream where it may be large; elsewhere this much is enough.
        request_max_body_size=16 * 1024 * 1024,
    )
