"""Money: integers of a currency's minor unit on documents, `Decimal` in calculations, never floats."""

from collections.abc import Sequence

from babel.numbers import get_currency_precision

#: The precision of decimal contexts: enough for sums of 10^12 lines with ten decimal places.
PRECISION = 60


def get_minor_digits(currency: str) -> int:
    """Return the number of decimal places of a currency (ISO 4217's minor unit)."""
    return get_currency_precision(currency)


def allocate_by_largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights`, by the largest remainder method; ties go to the first.

    The shares sum to `total`. Raises: ValueError if the weights sum to zero.
    """
    total_weight = sum(weights)
    if total_weight == 0:
        raise ValueError("cannot allocate: the weights sum to zero")
    if total_weight < 0:
        return allocate_by_largest_remainder(total, [-weight for weight in weights])
    shares = [total * weight // total_weight for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % total_weight), i))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares
