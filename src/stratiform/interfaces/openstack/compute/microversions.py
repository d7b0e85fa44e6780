"""What there is not before a microversion, as Nova refuses it."""

from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.services import Request
from stratiform.kit.errors import NotFound


def since(request: Request, least: int) -> int:
    """The microversion, where it is at least 2.`least`. Raises NotFound: below that there is no such thing."""
    asked = minor(request)
    if asked < least:
        raise NotFound("The resource could not be found.")
    return asked
