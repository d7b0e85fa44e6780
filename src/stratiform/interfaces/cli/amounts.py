"""Amounts of money in tables; JSON has all of their digits."""

from decimal import Decimal

#: Decimal places beyond those of the minor unit of the currency.
_EXTRA_DIGITS = 2


def format_amount(amount: str, currency: str) -> str:
    """Return such as `144.3433`, `0.50` or `< 0.0001`: the decimal places of the currency, and up to two more."""
    from stratiform.kit.money import get_minor_digits  # loads the currencies, which JSON does not need

    minor_digits = get_minor_digits(currency)
    exact, smallest = Decimal(amount), Decimal(1).scaleb(-minor_digits - _EXTRA_DIGITS)
    rounded = exact.quantize(smallest)
    if exact and not rounded:
        return f"< {smallest:f}" if exact > 0 else f"> -{smallest:f}"
    text = f"{rounded:f}"
    extra = text[-_EXTRA_DIGITS:].rstrip("0")
    return (text[:-_EXTRA_DIGITS] + extra).removesuffix(".")
