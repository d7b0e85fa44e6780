"""Translation of OpenStack's HTTP errors to the contract's errors.

Source: API guidelines of OpenStack, "HTTP Response Codes"; responses recorded from Nova, Cinder and Neutron for
quotas: 403, 413 and 409. Gnocchi 4.7 returns errors as JSON or as an HTML page.
"""

import html
import re

import msgspec

from stratiform.contract.errors import (
    CloudError,
    CloudThrottled,
    CloudUnreachable,
    CredentialsRejected,
    InsufficientCapacity,
    NativeNotFound,
    RequestRejected,
)
from stratiform.kit.json_errors import NOT_JSON

_ERROR_TYPES: dict[int, type[CloudError]] = {
    401: CredentialsRejected,
    403: CredentialsRejected,
    404: NativeNotFound,
    408: CloudUnreachable,
    413: CloudThrottled,
    429: CloudThrottled,
}

#: The statuses with which services report exceeded quotas, and clouds without capacity.
_CAPACITY_STATUSES = (400, 403, 409, 413)
_NO_CAPACITY = re.compile(
    r"quota|no valid host|limit.* exceed|exceed.* limit|maximum number|no more ip addresses|too many key pairs",
    re.IGNORECASE,
)

#: Messages of status 403 that are about the resource, not about the credentials.
_FORBIDDEN_STATES = re.compile(r"root device|protected|is not allowed to be deleted", re.IGNORECASE)

#: The maximum length of a service's message in ours; some are a whole page.
_MAX_MESSAGE_LENGTH = 300

#: Glance's status 413 is about the data, not about a rate; this is its message for a full storage.
_FULL = re.compile(r"is full|no space", re.IGNORECASE)

_FORBIDDEN = 403
_TOO_LARGE = 413
_SERVER_ERROR = 500

_MARKUP = re.compile(r"<(title|style|script|h1)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_MESSAGE_KEYS = ("message", "description", "cause", "reason", "detail")


def translate_error(service: str, status: int, message: str) -> CloudError:
    """Return the contract's error for an HTTP status of `service` (`compute`)."""
    error_type = _find_error_type(service, status, message)
    if error_type is CredentialsRejected:
        return CredentialsRejected(
            f"OpenStack's {service} service rejected the credentials, or they do not permit the request ({status})",
            hint="check username, password and project_name, or the application credential, and the user's roles",
        )
    return error_type(f"OpenStack's {service} service: {_to_line(message)} ({status})")


def _find_error_type(service: str, status: int, message: str) -> type[CloudError]:
    if status in _CAPACITY_STATUSES and _NO_CAPACITY.search(message):
        return InsufficientCapacity
    if service == "image" and status == _TOO_LARGE:
        return InsufficientCapacity if _FULL.search(message) else RequestRejected
    if status == _FORBIDDEN and _FORBIDDEN_STATES.search(message):
        return RequestRejected
    return _ERROR_TYPES.get(status, CloudUnreachable if status >= _SERVER_ERROR else RequestRejected)


def extract_message(body: bytes) -> str:
    """Return the error message of a response in JSON or HTML."""
    try:
        message = _join_messages(msgspec.json.decode(body))
    except NOT_JSON:
        message = html.unescape(_MARKUP.sub(" ", body.decode(errors="replace")))
    return _to_line(message)


def _join_messages(value: object) -> str:
    """Return the messages in a JSON document; each service nests them differently."""
    if isinstance(value, dict):
        messages = [_join_messages(value[key]) for key in _MESSAGE_KEYS if key in value]
        return ": ".join(filter(None, messages)) or next((_join_messages(item) for item in value.values()), "")
    if isinstance(value, list):
        return ", ".join(map(_join_messages, value))
    return str(value)


def _to_line(message: str) -> str:
    line = " ".join(message.split()) or "no reason given"
    return line[:_MAX_MESSAGE_LENGTH].rstrip(" .")
