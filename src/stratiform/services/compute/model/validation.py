"""Validation of values that customers set on servers. Source: Compute API reference, request parameters."""

import re
from collections.abc import Collection, Mapping

from stratiform.kit.errors import Invalid, OverLimit
from stratiform.services.compute.errors import InvalidField

_REPEAT = re.compile(r"[*+?{]")
_MAX_REPEATS = 2
_METADATA_KEY = re.compile(r"[a-zA-Z0-9 :._-]{1,255}")
_MAX_METADATA_ITEMS = 128
_TAG = re.compile(r"[^,/]{1,60}")
_MAX_TAGS = 50
_HOSTNAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]")
_FQDN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]{0,253}[a-zA-Z0-9]")


def validate_regular_expression(pattern: str) -> None:
    """Raises Invalid for a regular expression that is malformed or could keep the database busy for long."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise Invalid(f"Invalid filter: {pattern[:255]!r} is not a valid regular expression.") from error
    if len(pattern) > 255 or "(" in pattern or len(_REPEAT.findall(pattern)) > _MAX_REPEATS:
        raise Invalid(f"Invalid filter: {pattern[:255]!r} is too complex; use at most two of * + ? and no groups.")


def validate_metadata(metadata: Mapping[str, str]) -> None:
    """Raises InvalidField; OverLimit for more than 128 items."""
    for key, value in metadata.items():
        if not _METADATA_KEY.fullmatch(key):
            raise InvalidField("metadata", {key[:64]: value[:64]}, "A key has 1 to 255 of a-z A-Z 0-9 space - _ : .")
        if len(value) > 255:
            raise InvalidField("metadata", {key: value[:64]}, "A value has at most 255 characters.")
    if len(metadata) > _MAX_METADATA_ITEMS:
        raise OverLimit(f"Maximum number of metadata items exceeds {_MAX_METADATA_ITEMS}")


def validate_tags(tags: Collection[str]) -> None:
    """Raises Invalid for more than 50 tags; InvalidField unless each has 1 to 60 characters without `,` and `/`."""
    if len(set(tags)) > _MAX_TAGS:
        raise Invalid(f"The number of tags exceeded the per-server limit {_MAX_TAGS}")
    for tag in tags:
        if not _TAG.fullmatch(tag):
            raise InvalidField("tags", tag[:64], "A tag has 1 to 60 characters and no comma or slash.")


def validate_hostname(hostname: str, *, allow_fqdn: bool = False) -> None:
    """Raises InvalidField unless it has 2 to 63 letters, digits and hyphens (RFC 1123).

    `allow_fqdn`: it may have a domain, and 255 characters (microversion 2.94).
    """
    if not (_FQDN if allow_fqdn else _HOSTNAME).fullmatch(hostname):
        raise InvalidField("hostname", hostname[:64], f"{hostname[:64]!r} is not a valid host name (RFC 1123).")


def sanitize_hostname(name: str, default: str) -> str:
    """Return a host name (RFC 1123) derived from a display name, as Nova does; `default` if nothing remains."""
    allowed = "".join(c if c.isalnum() or c in "-." else "-" if c in " _" else "" for c in name if c.isascii())
    return allowed.lower().strip("-.")[:63].rstrip("-.") or default
