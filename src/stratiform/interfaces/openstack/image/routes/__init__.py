"""The routes of `/image/v2`: a file a noun; `data` carries the bytes."""

from litestar import Router

from stratiform.interfaces.openstack.faults import shaped
from stratiform.interfaces.openstack.image.routes import about, data, images, members
from stratiform.interfaces.services import shows_token

router = Router(
    path="/image/v2",
    route_handlers=[*images.handlers, *data.handlers, *members.handlers, *about.handlers],
    guards=[shows_token],
    exception_handlers=shaped("image"),
)

__all__ = ["router"]
