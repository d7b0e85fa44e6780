"""Checks of strict APIs: query parameters that would be ignored, and bodies that could not be decoded."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from stratiform.interfaces.endpoints.decoding import list_query_fields
from stratiform.kit.errors import Invalid, UnsupportedMediaType


def check_query(items: Sequence[tuple[str, str]], schema: type[object] | None) -> None:
    """Raises Invalid for a parameter that `schema` does not have, that occurs twice, or that is empty."""
    fields = {} if schema is None else list_query_fields(schema)
    seen: set[str] = set()
    for name, text in items:
        if name not in fields:
            raise Invalid(f"unknown query parameter '{name[:80]}'", hint=_parameters_hint(name, fields))
        if name in seen and not fields[name].is_list:
            raise Invalid(f"`{name}` occurs more than once")
        if not text.strip():
            raise Invalid(f"`{name}` is empty", hint="omit the parameter to select everything")
        seen.add(name)


def check_content_encoding(headers: Mapping[str, str]) -> None:
    """Raises UnsupportedMediaType: the decoder would report compressed JSON as invalid JSON."""
    encoding = headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise UnsupportedMediaType(
            f"Content-Encoding '{encoding[:40]}' is not supported", hint="send the body uncompressed"
        )


def _parameters_hint(name: str, names: Collection[str]) -> str:
    near = get_close_matches(name, names, 1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"available: {', '.join(sorted(names))}" if names else "this endpoint has no parameters"
