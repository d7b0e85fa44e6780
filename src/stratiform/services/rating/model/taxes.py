"""Tax categories of prices and documents. Source: EN 16931, BT-118 and BT-119; codes of UNTDID 5305."""

import re
from dataclasses import dataclass
from decimal import Decimal

from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import parse_decimal

#: Codes of EN 16931: standard rate, Canary Islands and Ceuta, and the codes whose rate is zero.
TAXED_CODES = ("S", "L", "M")
UNTAXED_CODES = ("Z", "E", "AE", "K", "G", "O")

_PERCENTAGE = re.compile(r"\d{1,3}(\.\d{1,4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class TaxCategory:
    """A code of EN 16931 and a rate in percent, a decimal text such as `7.7`."""

    code: str
    rate: str

    @classmethod
    def from_rate(cls, rate: str) -> "TaxCategory":
        """Return the standard category, or the one of zero-rated goods for a rate of 0."""
        return cls("S" if Decimal(rate) else "Z", rate)


def parse_tax_rate(text: str) -> str:
    """Return a rate in its canonical form. Raises Invalid unless it is a decimal from 0 to 100"""
    rate = parse_decimal(text) if _PERCENTAGE.fullmatch(text) else None
    if rate is None or rate > 100:
        raise Invalid(f"tax rate: '{text}' is not a percentage from 0 to 100")
    return f"{rate.normalize():f}"
