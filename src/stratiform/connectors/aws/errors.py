"""Translation of AWS error codes to the contract's errors.

Source: EC2 API reference, "Error codes for the Amazon EC2 API"; STS API reference, "Common errors".
"""

from stratiform.contract.errors import (
    CloudError,
    CloudThrottled,
    CloudUnreachable,
    CredentialsRejected,
    InsufficientCapacity,
    NativeNotFound,
    NotSupported,
    RequestRejected,
)


class InvalidResponse(CloudUnreachable):
    """The response is not an EC2 response: a proxy failed, or the endpoint does not implement the action."""


_REJECTED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "Blocked",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSecurity",
    "MissingAuthenticationToken",
    "OptInRequired",
    "PendingVerification",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
}
_THROTTLED = {
    "EC2ThrottledException",
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
_NO_CAPACITY = {
    "InsufficientAddressCapacity",
    "InsufficientCapacity",
    "InsufficientFreeAddressesInSubnet",
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "InsufficientVolumeCapacity",
    "MaxIOPSLimitExceeded",
    "VcpuLimitExceeded",
}
_UNREACHABLE = {"InternalError", "InternalFailure", "RequestTimeout", "ServiceUnavailable", "Unavailable"}
_NOT_SUPPORTED = {"InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException"}

#: The maximum length of a message of AWS in ours; some contain a whole policy or the signed request.
_MAX_MESSAGE_LENGTH = 300

_SERVER_ERROR = 500


def translate_error(code: str, message: str, status: int) -> CloudError:
    """Return the contract's error for an AWS error code; `status` is the HTTP status of the response."""
    if code in _REJECTED:
        return CredentialsRejected(
            f"AWS rejected the credentials, or they do not permit the request ({code})",
            hint="check access_key and secret_key, and the IAM policy of the user",
        )
    if code in _THROTTLED:
        return CloudThrottled(f"AWS request rate limit exceeded ({code})")
    return _error_type(code, status)(f"AWS: {_first_line(message)} ({code})")


def _error_type(code: str, status: int) -> type[CloudError]:
    if code in _NO_CAPACITY or code.endswith("LimitExceeded"):
        return InsufficientCapacity
    if code in _NOT_SUPPORTED:
        return NotSupported
    if code in _UNREACHABLE or status >= _SERVER_ERROR:
        return CloudUnreachable
    # No resource has a malformed id.
    if code.endswith((".NotFound", ".Malformed")):
        return NativeNotFound
    return RequestRejected


def _first_line(message: str) -> str:
    line = (message.strip().splitlines() or ["no reason given"])[0]
    return line[:_MAX_MESSAGE_LENGTH].rstrip(" .")
