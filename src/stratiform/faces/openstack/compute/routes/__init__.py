"""The routes of `/compute/v2.1`: a file a noun, and `calls` for what they have in common."""

from litestar import Router

from stratiform.faces.openstack.compute.microversions import Negotiated
from stratiform.faces.openstack.compute.routes import actions, flavors, keypairs, parts, servers, volumes, whole
from stratiform.faces.openstack.faults import shaped
from stratiform.faces.stack import shows_token

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
    middleware=[Negotiated],
    guards=[shows_token],
    exception_handlers=shaped("compute"),
)

__all__ = ["router"]
