"""Price plans and what they make of usage. Pure: integers and decimals, no database, no clock.

Figures are integers of a fixed scale: a unit price and a quantity have ten digits behind the point, an
amount (their product) has twenty, so a line's amount is exactly its quantity times its unit price.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Micros, iso

PRICE_DIGITS = 10
QUANTITY_DIGITS = 10
AMOUNT_DIGITS = PRICE_DIGITS + QUANTITY_DIGITS

#: What a unit price may be given for.
PER_US = {"second": SECOND_US, "minute": MINUTE_US, "hour": HOUR_US}

#: What the time of a run may be rounded to.
GRANULARITY_US = {**PER_US, "day": DAY_US}


class Usage(Protocol):
    """A segment of the ledger as rating sees it: what `resource_id` was from `start` until `end` (None: still)."""

    @property
    def resource_type(self) -> str: ...
    @property
    def resource_id(self) -> str: ...
    @property
    def project_id(self) -> str: ...
    @property
    def cloud(self) -> str: ...
    @property
    def start(self) -> Micros: ...
    @property
    def end(self) -> Micros | None: ...
    @property
    def state(self) -> str: ...
    @property
    def attributes(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Meter:
    """What is measured: `attribute` of a `resource_type` (none: the thing itself), `parts` of it making one `unit`."""

    name: str
    resource_type: str
    attribute: str
    parts: int
    unit: str


METERS = {
    meter.name: meter
    for meter in (
        Meter("instance", "instance", "", 1, "instance"),
        Meter("vcpu", "instance", "vcpus", 1, "vCPU"),
        Meter("ram", "instance", "ram_mib", 1024, "GiB"),
        Meter("disk", "instance", "root_gib", 1, "GiB"),
        Meter("ephemeral", "instance", "ephemeral_gib", 1, "GiB"),
        Meter("volume", "volume", "size_gib", 1, "GiB"),
    )
}

#: The attributes that hold a number; the engines keep a column for each.
MEASURED = tuple(sorted({meter.attribute for meter in METERS.values() if meter.attribute}))

#: The types of resources that a plan can price; of others the ledger knows, and they cost nothing.
PRICED = frozenset(meter.resource_type for meter in METERS.values())

#: What a price may ask of a segment, and the attributes that answer (any of them). A flavor and a volume
#: type go by name or by id, because Nova and Cinder tell the one or the other.
CONDITIONS: dict[str, tuple[str, ...]] = {
    "flavor": ("flavor", "flavor_id"),
    "volume_type": ("volume_type", "volume_type_name"),
    "availability_zone": ("availability_zone",),
}
NAMED = tuple(attribute for attributes in CONDITIONS.values() for attribute in attributes)

#: Conditions that only one type of resource can answer.
ONLY_FOR = {"flavor": "instance", "volume_type": "volume"}

#: The states that the ledger knows, so that a misspelt one is seen at once.
STATES = {
    "instance": frozenset(
        {"active", "paused", "suspended", "stopped", "rescued", "resized", "soft-delete", "error", "shelved"}
        | {"shelved_offloaded"}
    ),
    "volume": frozenset(["available", "in-use", "maintenance", "error"]),
}


@dataclass(frozen=True, slots=True)
class Price:
    """One price of a version. `amount` is in 10^-10 of the currency for one unit during `per`.

    `states` (none: all) are those that cost; `when` are conditions, each with the values that fulfil it.
    The time of a run is rounded to `granularity` microseconds (1: not at all), `rounding` up, down or nearest.
    """

    meter: str
    amount: int
    per: str
    granularity: Micros = 1
    rounding: str = "none"
    states: tuple[str, ...] = ()
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    label: str = ""

    @property
    def divisor(self) -> int:
        """So many microseconds times parts make a quantity of one."""
        return PER_US[self.per] * METERS[self.meter].parts

    def billed(self, duration: Micros) -> Micros:
        """`duration` of a run, rounded."""
        if self.rounding == "up":
            return -(-duration // self.granularity) * self.granularity
        if self.rounding == "nearest":
            return (duration + self.granularity // 2) // self.granularity * self.granularity
        return duration // self.granularity * self.granularity

    def quantity(self, billed: int) -> int:
        """`billed` microseconds times parts as a quantity in 10^-10, half to even."""
        return divide_half_even(billed * 10**QUANTITY_DIGITS, self.divisor)

    def answers(self, facts: "Facts") -> bool:
        """Whether this price is for such a segment, whatever its state."""
        return all(facts.fulfils(condition, allowed) for condition, allowed in self.when)

    def costs_in(self, state: str) -> bool:
        return not self.states or state in self.states


@dataclass(frozen=True, slots=True)
class Facts:
    """All of a segment that decides which prices are its own. `measured`: the attributes that hold a number."""

    resource_type: str
    cloud: str
    state: str
    named: tuple[str, ...]
    measured: frozenset[str]

    @classmethod
    def of(cls, usage: Usage) -> "Facts":
        held = usage.attributes
        return cls(
            usage.resource_type,
            usage.cloud,
            usage.state,
            tuple(text(held.get(name)) for name in NAMED),
            frozenset(name for name in MEASURED if whole(held.get(name)) is not None),
        )

    @property
    def kind(self) -> str:
        """What a person would look for in the plan."""
        condition = "flavor" if self.resource_type == "instance" else "volume_type"
        names = dict.fromkeys(self.named[NAMED.index(name)] for name in CONDITIONS[condition])
        known = " / ".join(name for name in names if name)
        return f"{condition.replace('_', ' ')} {known or '(unknown)'} in cloud {self.cloud}"

    def fulfils(self, condition: str, allowed: tuple[str, ...]) -> bool:
        if condition == "cloud":
            return self.cloud in allowed
        return any(self.named[NAMED.index(name)] in allowed for name in CONDITIONS[condition])


def text(value: Any) -> str:
    return "" if value is None else str(value)


def whole(value: Any) -> int | None:
    """`value` where it is a number of things (0 or more), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


@dataclass(frozen=True, slots=True)
class Version:
    """Prices that hold from `valid_from` until `valid_until` (None: until the next version). Never edited."""

    valid_from: Micros
    valid_until: Micros | None
    prices: tuple[Price, ...]
    document: dict[str, Any]
    sha256: str

    def meters(self, resource_type: str) -> list[str]:
        """The meters this version prices for such resources, in the order of the file."""
        wanted = dict.fromkeys(price.meter for price in self.prices)
        return [meter for meter in wanted if METERS[meter].resource_type == resource_type]

    def silence(self, facts: Facts) -> str:
        return f"the version of {iso(self.valid_from)} has no price for a resource of type {facts.resource_type}"

    def verdict(self, facts: Facts, meter: str) -> int | str | None:
        """Which price (its place) `meter` costs: the first that answers; None: it costs nothing; a text: why none."""
        if METERS[meter].attribute and METERS[meter].attribute not in facts.measured:
            return f"it does not say its {METERS[meter].attribute}"
        fitting = [i for i, price in enumerate(self.prices) if price.meter == meter and price.answers(facts)]
        if not fitting:
            return f"no '{meter}' price of the version of {iso(self.valid_from)} is for {facts.kind}"
        costing = [i for i in fitting if self.prices[i].costs_in(facts.state)]
        return costing[0] if costing and self.prices[costing[0]].amount else None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with one version, or with none."""

    start: Micros
    end: Micros
    version: Version | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A named list of prices in one currency. `unpriced`: "refuse" or "free"."""

    name: str
    currency: str
    unpriced: str
    versions: tuple[Version, ...]

    def spans(self, start: Micros, end: Micros) -> list[Span]:
        """`[start, end)` cut where the version changes; every moment is in exactly one span."""
        cuts = {start, end}
        for version in self.versions:
            cuts |= {version.valid_from, version.valid_until or version.valid_from}
        inside = sorted(cut for cut in cuts if start <= cut <= end)
        return [Span(a, b, self.version_at(a)) for a, b in pairwise(inside)]

    def version_at(self, moment: Micros) -> Version | None:
        begun = [version for version in self.versions if version.valid_from <= moment]
        if not begun:
            return None
        last = max(begun, key=lambda version: version.valid_from)
        return last if last.valid_until is None or moment < last.valid_until else None

    def verdicts(self, version: Version | None, facts: Facts) -> Iterator[tuple[str, int | str]]:
        """Each meter that costs something, with the place of its price, or with why there is none (a text)."""
        if facts.resource_type not in PRICED:
            return
        meters = version.meters(facts.resource_type) if version else []
        if version is None or not meters:
            yield "", "no version is valid then" if version is None else version.silence(facts)
            return
        for meter in meters:
            verdict = version.verdict(facts, meter)
            if verdict is not None:
                yield meter, verdict


@dataclass(frozen=True, slots=True, order=True)
class LineKey:
    """One line: a resource of a project, and one price (its place in the version of `valid_from`)."""

    project_id: str
    resource_type: str
    resource_id: str
    cloud: str
    valid_from: Micros
    price: int


@dataclass(frozen=True, slots=True)
class Line:
    """What one resource costs by one price. `billed`: microseconds (rounded by run) times parts, summed;
    `quantity` in 10^-10, `amount` in 10^-20 of the currency; used from `start` until `end`."""

    key: LineKey
    billed: int
    quantity: int
    amount: int
    start: Micros
    end: Micros


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Usage that no price covers, and why. `meter` is empty where no meter of it is priced at all."""

    resource_type: str
    resource_id: str
    cloud: str
    meter: str
    start: Micros
    end: Micros
    why: str


@dataclass(frozen=True, slots=True)
class Charge:
    """Lines in the order of their keys. `gaps` are the first thousand of them."""

    lines: tuple[Line, ...]
    gaps: tuple[Gap, ...]

    @property
    def amount(self) -> int:
        """The sum, in 10^-20 of the currency."""
        return sum(line.amount for line in self.lines)


MAX_GAPS = 1000

#: An amount is below it, so that the fast engine can count it.
LARGEST = 2**127


def divide_half_even(dividend: int, divisor: int) -> int:
    """`dividend / divisor` as a whole number, halves to the even one."""
    result, rest = divmod(dividend, divisor)
    return result + (2 * rest > divisor or (2 * rest == divisor and result % 2 == 1))


def plain(figure: int, digits: int, at_least: int = 0) -> str:
    """An integer of 10^-digits as a decimal text with no exponent; zeros at the end go, down to `at_least` digits."""
    sign, number = ("-" if figure < 0 else ""), str(abs(figure)).rjust(digits + 1, "0")
    before, after = number[: len(number) - digits], number[len(number) - digits :].rstrip("0").ljust(at_least, "0")
    return f"{sign}{before}.{after}" if after else f"{sign}{before}"
