"""Translation of Prometheus's HTTP errors to the contract's errors.

Source: Prometheus, "HTTP API", format overview.
"""

import msgspec

from stratiform.contract.errors import (
    CloudError,
    CloudThrottled,
    CloudUnreachable,
    CredentialsRejected,
    RequestRejected,
)
from stratiform.kit.json_errors import NOT_JSON

_REJECTED = (401, 403)
_THROTTLED = 429
_SERVER_ERROR = 500
_MAX_MESSAGE_LENGTH = 300


class _ErrorBody(msgspec.Struct):
    error: str = ""


def translate_error(status: int, body: bytes) -> CloudError:
    """Return the contract's error for a response of Prometheus, or of a proxy in front of it."""
    if status in _REJECTED:
        return CredentialsRejected(
            f"Prometheus rejected the credentials ({status})", hint="check token, or username and password"
        )
    if status == _THROTTLED:
        return CloudThrottled("Prometheus request rate limit exceeded (429)")
    error_type = CloudUnreachable if status >= _SERVER_ERROR else RequestRejected
    return error_type(f"Prometheus: {_reason(body)} ({status})")


def _reason(body: bytes) -> str:
    try:
        reason = msgspec.json.decode(body, type=_ErrorBody).error
    except NOT_JSON:
        reason = ""
    return " ".join(reason.split())[:_MAX_MESSAGE_LENGTH] or "no reason given; check the setting 'url'"
