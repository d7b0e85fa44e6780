"""What clouds can answer instead of what was asked."""

from stratiform.kit.errors import Conflict, Invalid, NotFound


class CloudNotFound(NotFound):
    """No cloud has this name or id."""


class CloudInUse(Conflict):
    """Projects are bound to it."""


class NoCloud(Conflict):
    """No cloud serves this project, or none there."""


class NoSuchZone(NoCloud):
    """The project has clouds, but none under this availability zone; Nova says 400 to that."""

    status = 400


class UnknownNative(Invalid):
    """The cloud has no such image."""
