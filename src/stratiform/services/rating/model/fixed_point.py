"""Fixed-point integers and exact decimals: rates and quantities have ten decimal digits, amounts have twenty."""

from decimal import MAX_EMAX, MIN_EMIN, Context, Inexact

from stratiform.kit.number_parsing import parse_decimal

PRICE_DIGITS = 10
QUANTITY_DIGITS = 10
AMOUNT_DIGITS = PRICE_DIGITS + QUANTITY_DIGITS

#: Digits after the point that a decimal attribute may have.
DECIMAL_ATTRIBUTE_DIGITS = 6

#: Exclusive upper bound of an amount: the DuckDB engine calculates with 128-bit integers.
MAX_AMOUNT = 2**127

#: Arithmetic of sample values, without rounding: an inexact result raises.
EXACT = Context(prec=1000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])


def divide_half_even(dividend: int, divisor: int) -> int:
    """Return `dividend / divisor`, rounded half to even."""
    quotient, remainder = divmod(dividend, divisor)
    return quotient + (2 * remainder > divisor or (2 * remainder == divisor and quotient % 2 == 1))


def format_scaled(value: int, digits: int, min_digits: int = 0) -> str:
    """Format `value`, in units of 10^-digits, without exponent and with at least `min_digits` decimal digits."""
    sign, figures = ("-" if value < 0 else ""), str(abs(value)).rjust(digits + 1, "0")
    integer = figures[: len(figures) - digits]
    fraction = figures[len(figures) - digits :].rstrip("0").ljust(min_digits, "0")
    return f"{sign}{integer}.{fraction}" if fraction else f"{sign}{integer}"


def parse_scaled_number(value: object, digits: int) -> int | None:
    """Return an attribute's value in units of 10^-digits, or None unless it is such a number, of zero or more."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value * 10**digits if value >= 0 else None
    number = parse_decimal(value) if digits and isinstance(value, str) else None
    if number is None or number.is_signed():
        return None
    scaled = number.scaleb(digits, EXACT)
    return int(scaled) if scaled == scaled.to_integral_value() else None
