"""The API: every face on one port."""

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig

from stratiform import __version__
from stratiform.faces.openstack import faults, versions
from stratiform.faces.openstack.compute.routes import router as compute
from stratiform.faces.openstack.identity.routes import router as identity
from stratiform.faces.openstack.image.routes import router as image
from stratiform.faces.openstack.network.routes import router as network
from stratiform.faces.openstack.volume.routes import router as volume
from stratiform.faces.rest.routes import router as rest
from stratiform.faces.stack import Stack
from stratiform.faces.web.routes import router as web

_OPENSTACK = (identity, compute, network, volume, image)


def application(stack: Stack) -> Litestar:
    """The ASGI application over `stack`."""
    return Litestar(
        route_handlers=[*versions.documents(), *_OPENSTACK, rest, web],
        before_send=[versions.tell_request_id],
        exception_handlers={Exception: faults.by_path, HTTPException: faults.by_path},
        state=State({"stack": stack}),
        logging_config=None,  # the log is the program's own, see kit.log: it hides secrets
        openapi_config=OpenAPIConfig(title="Stratiform", version=__version__, path="/api/docs"),
        # A body is read as a stream where it may be large; elsewhere this much is enough.
        request_max_body_size=16 * 1024 * 1024,
    )
