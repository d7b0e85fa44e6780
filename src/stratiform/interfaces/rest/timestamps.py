"""Timestamps in requests."""

from stratiform.kit.clock import Micros, parse_iso
from stratiform.kit.errors import Invalid

EXAMPLE = "ISO 8601, such as 2026-11-20T00:00:00Z"


def parse_timestamp(text: str, name: str) -> Micros:
    """Parse an ISO 8601 text. Raises Invalid, with the `name` of the field or parameter."""
    try:
        # In a query string a plus sign that is not escaped is decoded as a space.
        return parse_iso(text.replace(" ", "+") if "T" in text else text)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"`{name}` is not a valid timestamp: '{text}'", hint=EXAMPLE) from error
