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

    Raises: ValueError if the weights sum to zero
    """
    total_weight = sum(weights)
    if total_weight == 0:
        raise ValueError("nothing to allocate to: the weights sum to zero")
    if total_weight < 0:
        return allocate(total, [-weight for weight in weights])
    parts = [total * weight // total_weight for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % total_weight), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
