"""Parsing of attributes that several resources have."""

from stratiform.kit.clock import Micros, parse_iso
from stratiform.kit.errors import Invalid


def parse_expiry(text: str | None) -> Micros | None:
    """Return the time of an attribute `expires_at`. Raises Invalid."""
    if text is None:
        return None
    try:
        return parse_iso(text)
    except ValueError as error:
        raise Invalid(f"Invalid input for field 'expires_at': '{text}' is not a 'date-time'") from error
