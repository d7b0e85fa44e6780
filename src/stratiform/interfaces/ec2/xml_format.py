"""Bodies of responses in XML. Source: Amazon EC2 API reference, "Query requests", section "Response structure"."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

XML = "text/xml"

#: A text, a number, a flag, a structure, a list of `<item>`, or None for an element that is left out.
Value = str | int | None | Mapping[str, "Value"] | Sequence["Value"]

_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

#: Characters that XML 1.0 does not allow.
_INVALID = {code: None for code in (*range(0x20), 0xFFFE, 0xFFFF) if chr(code) not in "\t\n\r"}


def render_response(action: str, request_id: str, values: Mapping[str, Value]) -> bytes:
    """Return the body of a successful response."""
    content = _render("requestId", request_id) + _render_members(values)
    name = f"{action}Response"
    return f'{_DECLARATION}<{name} xmlns="{_NAMESPACE}">{content}</{name}>'.encode()


def render_errors(code: str, message: str, request_id: str) -> bytes:
    """Return the body of an error."""
    error = _render("Errors", {"Error": {"Code": code, "Message": message}})
    return f"{_DECLARATION}<Response>{error}{_render('RequestID', request_id)}</Response>".encode()


def _render_members(values: Mapping[str, Value]) -> str:
    return "".join(_render(name, value) for name, value in values.items() if value is not None)


def _render(name: str, value: Value) -> str:
    if isinstance(value, str):
        content = escape(value.translate(_INVALID))
    elif isinstance(value, bool):
        content = str(value).lower()
    elif isinstance(value, Mapping):
        content = _render_members(value)
    elif isinstance(value, Sequence):
        content = "".join(_render("item", item) for item in value)
    else:
        content = str(value)
    return f"<{name}>{content}</{name}>"
