"""AWS error codes as the contract's errors.

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


class Garbled(CloudUnreachable):
    """An answer came that isn't EC2's: something broke on the way, or the endpoint doesn't know the question."""


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

#: A message of AWS is cut here; some carry a whole policy or the request that was signed.
_MESSAGE_CHARS = 300

_SERVER_ERROR = 500


def told(code: str, message: str, status: int) -> CloudError:
    """The error of the contract that AWS means by `code`; `status` is that of its HTTP answer."""
    if code in _REJECTED:
        return CredentialsRejected(
            f"AWS rejects these credentials or what they ask for ({code})",
            hint="check access_key and secret_key, and that their IAM policy allows it",
        )
    if code in _THROTTLED:
        return CloudThrottled(f"AWS is asked too often ({code})")
    text = f"AWS: {_first_line(message)} ({code})"
    kind = _kind(code, status)
    return kind(text)


def _kind(code: str, status: int) -> type[CloudError]:
    if code in _NO_CAPACITY or code.endswith("LimitExceeded"):
        return InsufficientCapacity
    if code in _NOT_SUPPORTED:
        return NotSupported
    if code in _UNREACHABLE or status >= _SERVER_ERROR:
        return CloudUnreachable
    # An id that isn't even shaped like one names nothing that exists.
    if code.endswith((".NotFound", ".Malformed")):
        return NativeNotFound
    return RequestRejected


def _first_line(message: str) -> str:
    line = (message.strip().splitlines() or ["no reason given"])[0]
    return line[:_MESSAGE_CHARS].rstrip(" .")
