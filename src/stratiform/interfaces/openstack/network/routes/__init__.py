"""The routes of `/network/v2.0`: a file a noun, and `asking` for what lists have in common."""

from litestar import Router

from stratiform.interfaces.openstack.faults import shaped
from stratiform.interfaces.openstack.network.routes import about, networks, ports, security, subnets, tags
from stratiform.interfaces.services import shows_token

router = Router(
    path="/network/v2.0",
    route_handlers=[
        *networks.handlers,
        *subnets.handlers,
        *ports.handlers,
        *tags.handlers,
        *security.handlers,
        *about.handlers,
    ],
    guards=[shows_token],
    exception_handlers=shaped("network"),
)

__all__ = ["router"]
