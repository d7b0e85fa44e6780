"""Money: integers of a currency's smallest unit on documents, `Decimal` on the way there, never a float."""

from collections.abc import Sequence

from babel.numbers import get_currency_precision

#: Enough digits for a sum of 10^12 lines with ten digits behind the point.
PRECISION = 60


def exponent(currency: str) -> int:
    """How many digits of `currency` (ISO 4217) stand behind the point."""
    return get_currency_precision(currency)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` over `weights` so that the parts sum to `total` (largest remainder, ties to the first).

    Raises ValueError where no weight is positive.
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("nothing to allocate to: the weights sum to zero")
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
