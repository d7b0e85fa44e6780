"""Errors of clouds. Connectors translate the errors of their SDK into these."""

from stratiform.kit.errors import Fault


class CloudError(Fault):
    """A request to a cloud failed."""

    status = 502


class CloudUnreachable(CloudError):
    """The cloud did not respond, or not completely. The outcome of the request is unknown; it may be repeated."""

    status = 503


class CloudThrottled(CloudUnreachable):
    """The cloud's request rate limit is exceeded; the request may be repeated later."""


class CredentialsRejected(CloudError):
    """The cloud rejects the credentials, or they lack permissions."""


class NativeNotFound(CloudError):
    """The resource does not exist in the cloud."""


class InsufficientCapacity(CloudError):
    """The cloud has no capacity left, or the account's quota there is exceeded."""


class RequestRejected(CloudError):
    """The cloud rejects the request permanently: invalid size, unknown image, wrong state."""


class NotSupported(RequestRejected):
    """This kind of cloud does not support the operation."""
