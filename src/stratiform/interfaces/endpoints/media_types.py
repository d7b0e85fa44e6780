"""Media types, and schemas of bodies that are not JSON."""

from collections.abc import Mapping

#: A type, as msgspec decodes it; or a JSON schema in which types may occur. One with a title becomes a component.
Schema = object

JSON = "application/json"
NDJSON = "application/x-ndjson"
OCTET_STREAM = "application/octet-stream"
PDF = "application/pdf"
PLAIN_TEXT = "text/plain"
SERVER_SENT_EVENTS = "text/event-stream"
TOML = "application/toml"

TEXT: Mapping[str, object] = {"type": "string"}
BINARY: Mapping[str, object] = {"type": "string", "format": "binary"}
OBJECT: Mapping[str, object] = {"type": "object"}
