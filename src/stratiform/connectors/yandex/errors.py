"""Translation of gRPC statuses, and of errors of operations, to the contract's errors.

Source: Yandex Cloud, API design guide, "Operation object" and "Errors"; gRPC, "Status codes".
"""

import re

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


class NameTaken(RequestRejected):
    """A resource with this name exists in the folder already."""


class TokenRejected(CredentialsRejected):
    """The IAM token is not valid, or not any longer."""


#: Codes of google.rpc.Status, which has no enumeration of its own.
_CANCELLED, _UNKNOWN, _INVALID_ARGUMENT, _DEADLINE_EXCEEDED, _NOT_FOUND, _ALREADY_EXISTS = 1, 2, 3, 4, 5, 6
_PERMISSION_DENIED, _RESOURCE_EXHAUSTED, _ABORTED, _UNIMPLEMENTED, _INTERNAL = 7, 8, 10, 12, 13
_UNAVAILABLE, _DATA_LOSS, _UNAUTHENTICATED = 14, 15, 16

_ERROR_TYPES: dict[int, type[CloudError]] = {
    _CANCELLED: CloudUnreachable,
    _UNKNOWN: CloudUnreachable,
    _DEADLINE_EXCEEDED: CloudUnreachable,
    _NOT_FOUND: NativeNotFound,
    _ALREADY_EXISTS: NameTaken,
    _PERMISSION_DENIED: CredentialsRejected,
    _ABORTED: CloudUnreachable,
    _UNIMPLEMENTED: NotSupported,
    _INTERNAL: CloudUnreachable,
    _UNAVAILABLE: CloudUnreachable,
    _DATA_LOSS: CloudUnreachable,
    _UNAUTHENTICATED: TokenRejected,
}

#: What the messages of exceeded request rates contain. Exceeded quotas have a QuotaFailure, or no details.
_RATE = re.compile(r"\brate\b|too many requests|throttl", re.IGNORECASE)

#: The message of the limit of concurrent operations, which ends with one of them, although it is a quota.
_CONCURRENCY = re.compile(r"number of active operations", re.IGNORECASE)

_HTTP_CODES = {401: _UNAUTHENTICATED, 403: _PERMISSION_DENIED, 404: _NOT_FOUND, 501: _UNIMPLEMENTED}
_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500

_MAX_MESSAGE_LENGTH = 300


def translate_status(code: int, message: str, *, is_quota: bool = False) -> CloudError:
    """Return the contract's error for a status code. `is_quota`: the details contain a QuotaFailure."""
    text = _first_line(message)
    if code == _RESOURCE_EXHAUSTED:
        is_rate = not is_quota and _RATE.search(text) is not None
        is_temporary = is_rate or _CONCURRENCY.search(text) is not None
        return (CloudThrottled if is_temporary else InsufficientCapacity)(f"Yandex Cloud: {text}")
    error_type = _ERROR_TYPES.get(code, RequestRejected)
    if issubclass(error_type, CredentialsRejected):
        return error_type(
            f"Yandex Cloud rejected the credentials, or they do not permit the request: {text}",
            hint="check service_account_key, and the roles of the service account in the folder",
        )
    return error_type(f"Yandex Cloud: {text}")


def translate_http_status(status: int, message: str) -> CloudError:
    """Return the contract's error for an HTTP status of Monitoring."""
    if status == _TOO_MANY_REQUESTS:
        return CloudThrottled(f"Yandex Cloud: {_first_line(message)}")
    default = _UNAVAILABLE if status >= _SERVER_ERROR else _INVALID_ARGUMENT
    return translate_status(_HTTP_CODES.get(status, default), message)


def _first_line(message: str) -> str:
    line = (message.strip().splitlines() or ["no reason given"])[0]
    return line[:_MAX_MESSAGE_LENGTH].rstrip(" .")
