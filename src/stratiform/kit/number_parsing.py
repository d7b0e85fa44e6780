"""Parsing of numbers."""

#: All numbers with this many digits fit into a BIGINT column.
_MAX_DIGITS = 18


def parse_uint(text: str) -> int | None:
    """Parse a non-negative integer. Returns None if the text is not one, or has more than 18 digits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS else None
