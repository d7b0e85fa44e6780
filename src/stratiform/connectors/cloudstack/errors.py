"""Translation of CloudStack's error codes to the contract's errors.

A response has `errorcode` (the kind of problem, which is its HTTP status too) and `cserrorcode` (the exception in the
management server). Code 530 in a response means that the management server failed, so the request may be repeated; in
the result of a job it means that the job failed, so it is rejected.

Source: CloudStack API guide ("Error handling"); `ApiErrorCode` and `CSExceptionErrorCode` of CloudStack.
"""

import re
from collections.abc import Mapping

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
    """The response is not a CloudStack response: a proxy failed, or the endpoint is another API."""


INTERNAL_ERROR = 530

_TYPES: Mapping[int, type[CloudError]] = {
    401: CredentialsRejected,
    403: CredentialsRejected,
    405: NotSupported,
    429: CloudThrottled,
    430: RequestRejected,  # malformed parameter
    431: RequestRejected,  # invalid parameter
    432: NotSupported,  # the command does not exist, or the role of the user does not permit it
    530: CloudUnreachable,  # internal error
    531: CredentialsRejected,  # no permission for the resource
    532: InsufficientCapacity,  # limit of the account
    533: InsufficientCapacity,
    534: CloudUnreachable,  # a host or storage is not available
    535: InsufficientCapacity,  # limit of the account, domain or project
    536: RequestRejected,  # in use
    537: RequestRejected,  # conflicting network rule
}

#: Exceptions that say more than the error code that comes with them.
_TYPES_BY_EXCEPTION: Mapping[int, type[CloudError]] = {
    4280: InsufficientCapacity,  # AccountLimit
    4320: InsufficientCapacity,
    4325: InsufficientCapacity,
    4330: InsufficientCapacity,
    4331: InsufficientCapacity,
    4335: InsufficientCapacity,
    4340: InsufficientCapacity,
    4365: CredentialsRejected,  # PermissionDenied
    4370: InsufficientCapacity,  # ResourceAllocation
    4545: CloudThrottled,  # RequestLimit
}

#: CloudStack has no code for a resource that does not exist: it is an invalid parameter.
_NOT_FOUND = re.compile(
    r"entity does not exist|unable to find|does ?n[o']t exist|doesn't exist|not found|could not find|"
    r"invalid id (was )?(provided|specified)|specified id",
    re.IGNORECASE,
)

#: A flavor, an image or a network that a request refers to is a wrong request, not a missing resource.
_HINT_CREDENTIALS = "check api_key and secret_key, the clock of this machine, and the role of the user"

_MAX_MESSAGE_LENGTH = 300
_SERVER_ERROR = 500
_PARAMETER_ERROR = 431


def translate_error(code: int, exception_code: int, text: str, *, in_job: bool = False) -> CloudError:
    """Return the contract's error for the error of a response or (`in_job`) of a job's result."""
    error_type = _find_type(code, exception_code, text, in_job=in_job)
    if error_type is CredentialsRejected:
        return CredentialsRejected(
            f"CloudStack rejected the credentials, or they do not permit the request ({code})", hint=_HINT_CREDENTIALS
        )
    if error_type is CloudThrottled:
        return CloudThrottled(f"CloudStack request rate limit exceeded ({code})")
    hint = "the role of the user may lack this command, or this version of CloudStack" if code == 432 else ""
    return error_type(f"CloudStack: {_first_line(text)} ({code})", hint=hint)


def _find_type(code: int, exception_code: int, text: str, *, in_job: bool) -> type[CloudError]:
    if exception_code in _TYPES_BY_EXCEPTION:
        return _TYPES_BY_EXCEPTION[exception_code]
    if code == _PARAMETER_ERROR and _NOT_FOUND.search(text):
        return NativeNotFound
    if code == INTERNAL_ERROR and in_job:
        return RequestRejected
    return _TYPES.get(code, CloudUnreachable if code >= _SERVER_ERROR else RequestRejected)


def _first_line(text: str) -> str:
    line = (text.strip().splitlines() or ["no reason given"])[0]
    return line[:_MAX_MESSAGE_LENGTH].rstrip(" .")
