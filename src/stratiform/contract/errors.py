"""What a cloud can answer instead of what was asked. A connector turns its SDK's errors into these."""

from stratiform.kit.errors import Fault


class CloudError(Fault):
    """Any failure of a cloud."""

    status = 502


class CloudUnreachable(CloudError):
    """No answer came; what was asked may or may not have happened. Ask again, or look."""

    status = 503


class CloudThrottled(CloudUnreachable):
    """Asked too often; later it will work."""


class CredentialsRejected(CloudError):
    """The cloud does not know these credentials, or they may not do this."""


class NativeNotFound(CloudError):
    """There is no such thing in the cloud (any more)."""


class InsufficientCapacity(CloudError):
    """The cloud has no room, or our quota there is used up."""


class RequestRejected(CloudError):
    """The cloud understood and says no for good: wrong size, unknown image, wrong state."""


class NotSupported(RequestRejected):
    """This kind of cloud can't do this."""
