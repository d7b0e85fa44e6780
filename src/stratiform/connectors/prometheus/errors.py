"""Prometheus' answers as the contract's errors. Source: Prometheus, "HTTP API", format overview."""

import msgspec

from stratiform.contract.errors import (
    CloudError,
    CloudThrottled,
    CloudUnreachable,
    CredentialsRejected,
    RequestRejected,
)

_REJECTED = (401, 403)
_THROTTLED = 429
_SERVER_ERROR = 500
_MESSAGE_CHARS = 300


class _Said(msgspec.Struct):
    error: str = ""


def told(status: int, body: bytes) -> CloudError:
    """The error that Prometheus, or a proxy before it, means."""
    if status in _REJECTED:
        return CredentialsRejected(
            f"Prometheus rejects these credentials ({status})", hint="check token, or username and password"
        )
    if status == _THROTTLED:
        return CloudThrottled("Prometheus is asked too often (429)")
    kind = CloudUnreachable if status >= _SERVER_ERROR else RequestRejected
    return kind(f"Prometheus: {_reason(body)} ({status})")


def _reason(body: bytes) -> str:
    try:
        reason = msgspec.json.decode(body, type=_Said).error
    except msgspec.DecodeError:
        reason = ""
    return " ".join(reason.split())[:_MESSAGE_CHARS] or "no reason given; is the setting 'url' Prometheus' own?"
