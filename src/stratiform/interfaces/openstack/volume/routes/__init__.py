"""The routes of `/volume/v3`: a file a noun, and `calls` for what they have in common."""

from litestar import Router
from litestar.middleware import DefineMiddleware

from stratiform.interfaces.openstack.faults import shaped
from stratiform.interfaces.openstack.microversions import VOLUME, Stamp
from stratiform.interfaces.openstack.volume.routes import actions, attachments, metadata, types, volumes, whole
from stratiform.interfaces.services import shows_token

router = Router(
    path="/volume/v3",
    route_handlers=[
        *volumes.handlers,
        *metadata.handlers,
        *actions.handlers,
        *attachments.handlers,
        *types.handlers,
        *whole.handlers,
    ],
    before_request=VOLUME.negotiate,
    middleware=[DefineMiddleware(Stamp, spoken=VOLUME)],
    guards=[shows_token],
    exception_handlers=shaped("volume"),
)

__all__ = ["router"]
