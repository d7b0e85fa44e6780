"""Units of quantities: what the `per` of a price means."""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US

#: A month is 730 hours, a twelfth of a year of 365 days.
PERIOD_US = {"second": SECOND_US, "minute": MINUTE_US, "hour": HOUR_US, "day": DAY_US, "month": 730 * HOUR_US}

_BYTES = {"B": 1}
_BYTES |= {name: 1000**power for power, name in enumerate(("kB", "MB", "GB", "TB", "PB"), 1)}
_BYTES |= {name: 1024**power for power, name in enumerate(("KiB", "MiB", "GiB", "TiB", "PiB"), 1)}

_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
_NANOSECONDS |= {period: us * 1000 for period, us in PERIOD_US.items()}

#: Names of units that convert into each other, with their sizes.
_CONVERTIBLE = (_BYTES, _NANOSECONDS)

#: Endings of attribute names, with the units that they stand for.
_SUFFIXES = {"bytes": "B", "kib": "KiB", "mib": "MiB", "gib": "GiB", "tib": "TiB"}
_ATTRIBUTE_UNITS = {"vcpus": "vCPU"}

_COUNT = re.compile(r"[1-9][0-9]{0,11}")


@dataclass(frozen=True, slots=True)
class Unit:
    """`size` units `base` of the measure; `period` is set where the measure is multiplied by time."""

    name: str
    base: str
    size: int = 1
    period: str = ""

    def __str__(self) -> str:
        return f"{self.name}-{self.period}" if self.period else self.name

    @property
    def divisor(self) -> int:
        """Base units, or base units × microseconds, in a quantity of one."""
        return self.size * PERIOD_US[self.period] if self.period else self.size

    @property
    def sum_unit(self) -> str:
        """The unit in which the ledger sums samples that have this unit."""
        return f"{self.base}·s" if self.period else self.base


def get_attribute_unit(attribute: str) -> str:
    """Return the unit of a numeric attribute, which its name ends with: `size_gib` is in GiB."""
    suffix = attribute.rpartition("_")[2]
    return _SUFFIXES.get(suffix) or _ATTRIBUTE_UNITS.get(attribute, attribute)


def parse_unit(text: str, base: str, *, timed: bool) -> Unit:
    """Parse the `per` of a price, `[COUNT] [UNIT] [PERIOD]`, for a measure in units `base`.

    A measure that is `timed` needs a period: `hour`, `GiB month`. Others have none: `GiB`, `1000 requests`.
    Raises: ValueError
    """
    tokens, period = text.split(), ""
    if timed:
        if not tokens or tokens[-1] not in PERIOD_US:
            raise ValueError(f"'{text}' does not end with a period ({', '.join(PERIOD_US)})")
        period = tokens.pop()
    count = int(tokens.pop(0)) if tokens and _COUNT.fullmatch(tokens[0]) else 1
    name = " ".join(tokens)
    if not timed and len(tokens) > 1 and tokens[-1] in PERIOD_US:
        raise ValueError(f"'{text}' has a period, but the meter is a counter, which is not multiplied by time")
    if not name and not timed:
        raise ValueError(f"'{text}' has no unit{_suggestion('', base)}")
    size = count * _size(name or base, base)
    return Unit(f"{count} {name or base}" if count > 1 else _singular(name, base), base, size, period)


def _singular(name: str, base: str) -> str:
    return base if name in ("", base, f"{base}s") else name


def _size(name: str, base: str) -> int:
    if name in (base, f"{base}s"):
        return 1
    for sizes in _CONVERTIBLE:
        if name in sizes and base in sizes:
            size, remainder = divmod(sizes[name], sizes[base])
            if remainder:
                raise ValueError(f"1 {name} is not a whole number of {base}")
            return size
    raise ValueError(f"unknown unit '{name}' for a measure in {base}{_suggestion(name, base)}")


def _suggestion(name: str, base: str) -> str:
    convertible = [other for sizes in _CONVERTIBLE if base in sizes for other in sizes if sizes[other] >= sizes[base]]
    near = get_close_matches(name, convertible or [base], 3)
    return f"; use {' or '.join(near)}" if near else f"; use {', '.join(convertible or [base])}"
