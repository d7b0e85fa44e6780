"""Strict parsing of numbers in texts: ASCII digits only.

Python's `int`, `float` and `Decimal` also accept spaces around a number, `_` between digits, and the digits of every
script, so nothing else parses texts from outside.
"""

import re
from decimal import Decimal

_UINT = re.compile(r"[0-9]+")
_INT = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")

#: With a limited exponent, so that the number can be written without one.
_SCIENTIFIC = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")

#: All numbers with this many digits fit into a BIGINT column.
_MAX_DIGITS = 18


def is_uint(text: str) -> bool:
    """Return True for one or more digits, however many."""
    return _UINT.fullmatch(text) is not None


def is_int(text: str) -> bool:
    """Return True for one or more digits, however many, with or without a minus sign."""
    return _INT.fullmatch(text) is not None


def parse_uint(text: str) -> int | None:
    """Parse a non-negative integer. Returns None if the text is not one, or has more than 18 digits."""
    return int(text) if len(text) <= _MAX_DIGITS and is_uint(text) else None


def parse_int(text: str) -> int | None:
    """Parse an integer. Returns None if the text is not one, or has more than 18 digits."""
    return int(text) if len(text.removeprefix("-")) <= _MAX_DIGITS and is_int(text) else None


def parse_decimal(text: str) -> Decimal | None:
    """Parse a number without exponent, with all its digits. Returns None if the text is not one."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def parse_scientific(text: str) -> Decimal | None:
    """As `parse_decimal`, also with an exponent of up to three digits, as programs write floats.

    For measured values and quantities of corrections: `1e1` is exact decimal notation too.
    """
    return Decimal(text) if _SCIENTIFIC.fullmatch(text) else None
