"""OpenStack's answers as the contract's errors.

Source: API guidelines of OpenStack, "HTTP Response Codes"; Gnocchi's errors as recorded from 4.7, which come as JSON
or as a page of HTML.
"""

import html
import re

import msgspec

from stratiform.contract.errors import (
    CloudError,
    CloudThrottled,
    CloudUnreachable,
    CredentialsRejected,
    NativeNotFound,
    RequestRejected,
)

_KINDS: dict[int, type[CloudError]] = {
    401: CredentialsRejected,
    403: CredentialsRejected,
    404: NativeNotFound,
    408: CloudUnreachable,
    413: CloudThrottled,
    429: CloudThrottled,
}

#: A message is cut here; some carry a whole page.
_MESSAGE_CHARS = 300

_SERVER_ERROR = 500

_TAGS = re.compile(r"<(title|style|script|h1)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)


def told(service: str, status: int, message: str) -> CloudError:
    """The error of the contract that `service` (`compute`) means by an HTTP status."""
    kind = _KINDS.get(status, CloudUnreachable if status >= _SERVER_ERROR else RequestRejected)
    if kind is CredentialsRejected:
        return CredentialsRejected(
            f"OpenStack's {service} service rejects these credentials or what they ask for ({status})",
            hint="check username, password and project_name, and that the user may see what all projects have",
        )
    return kind(f"OpenStack's {service} service: {_line(message)} ({status})")


def said(body: bytes) -> str:
    """What an answer with an error says, be it JSON or HTML."""
    try:
        found = _deepest(msgspec.json.decode(body))
    except msgspec.DecodeError:
        found = html.unescape(_TAGS.sub(" ", body.decode(errors="replace")))
    return _line(found)


def _deepest(answer: object) -> str:
    """The texts in an answer, in the words of whoever wrote it: each service nests them otherwise."""
    if isinstance(answer, dict):
        texts = [
            _deepest(answer[key]) for key in ("message", "description", "cause", "reason", "detail") if key in answer
        ]
        return ": ".join(text for text in texts if text) or next((_deepest(one) for one in answer.values()), "")
    if isinstance(answer, list):
        return ", ".join(map(_deepest, answer))
    return str(answer)


def _line(message: str) -> str:
    line = " ".join(message.split()) or "no reason given"
    return line[:_MESSAGE_CHARS].rstrip(" .")
