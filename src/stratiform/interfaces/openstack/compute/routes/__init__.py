"""The routes of `/compute/v2.1`: a file a noun, and `calls` for what they have in common."""

from litestar import Router
from litestar.middleware import DefineMiddleware

from stratiform.interfaces.openstack.compute.routes import actions, flavors, keypairs, parts, servers, volumes, whole
from stratiform.interfaces.openstack.faults import shaped
from stratiform.interfaces.openstack.microversions import COMPUTE, MicroversionHeaders
from stratiform.interfaces.services import shows_token

router = Router(
    path="/compute/v2.1",
    route_handlers=[
        *flavors.handlers,
        *keypairs.handlers,
        *servers.handlers,
        *actions.handlers,
        *parts.handlers,
        *volumes.handlers,
        *whole.handlers,
    ],
    before_request=COMPUTE.negotiate,
    middleware=[DefineMiddleware(MicroversionHeaders, versions=COMPUTE)],
    guards=[shows_token],
    exception_handlers=shaped("compute"),
)

__all__ = ["router"]
