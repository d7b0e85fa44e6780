"""Numbers that come as text."""

#: Every number of so many digits fits into a column.
_MOST_DIGITS = 18


def parse_uint(text: str) -> int | None:
    """A whole number of zero or more; None where the text is none, or too long to be kept."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None
