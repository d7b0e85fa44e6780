"""What a cloud itself knows of its use: what there is, and how much of it was used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol, TypeVar

import msgspec

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.errors import Invalid

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InventoryItem:
    """One thing that there is in a cloud now, whoever made it. `resource_type` and `attributes` are named as in the
    ledger (`instance`: flavor, vcpus, ram_mib …; `volume`: size_gib, volume_type …), and an attribute that would not
    mean the same there is left out; `id` is the one that the ledger knows it by: our token where we made it, else the
    cloud's own."""

    resource_type: str
    id: str
    project_id: str  # "" where only the ledger knows whose it is
    name: str
    state: str  # "" where it is none that lasts: not launched yet, or on the way between two
    since: Micros | None  # when its use began, as far as the cloud tells
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsageSample:
    """One value of one meter of one resource: at the instant `at`, or, where a cloud tells of periods, of the one that
    begins at `at` and lasts so long.

    `source` is the cloud's own id of what was measured, and stays the same for ever: a machine has several network
    cards, and one that is gone no longer carries our token. (`source`, `at`) is one reading of a meter.
    """

    resource_id: str
    project_id: str  # "" where only the ledger knows whose it is
    at: Micros
    value: Decimal
    source: str
    lasts: Micros = 0
    name: str = ""  # of the resource, where the cloud knows it better than the ledger


class Usage(Protocol):
    """Verbs that only look. All may raise CloudUnreachable, CredentialsRejected, Refused.

    An answer that isn't whole is none: it raises CloudUnreachable, as what it leaves out would look unused.
    """

    def inventory(self) -> Iterator[InventoryItem]:
        """Everything that there is, of all projects, each once."""

    def readings(self, asked: Mapping[str, Any], since: Micros, until: Micros) -> Iterator[UsageSample]:
        """What a meter's `poll` table asks for, of `[since, until)`, in any order. Raises Invalid where the table
        isn't understood. Asking for the same time again gives the same, as soon as the last period is over: ask with
        `until` no later than `period_s` (the distance between two values, which every table has) before now."""


def parse_poll(asked: Mapping[str, Any], shape: type[T]) -> T:
    """A `poll` table as a Struct of this `shape`. Raises Invalid, naming the key."""
    try:
        return msgspec.convert(asked, shape)
    except msgspec.ValidationError as error:
        raise Invalid(f"this poll table can't be understood: {error}") from error


def align_periods(since: Micros, until: Micros, period_s: int) -> tuple[Micros, Micros]:
    """The first period that begins in `[since, until)`, and the first one after it. Periods begin at whole multiples
    of their length since 1970, so that neighbouring stretches of time never tell one twice."""
    period = period_s * SECOND_US
    return -(-since // period) * period, -(-until // period) * period


def parse_decimal(text: str) -> Decimal | None:
    """A number as a cloud wrote it, digit for digit, without zeros that say nothing; None where it is no number."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    plain = format(value, "f")
    return Decimal(plain.rstrip("0").rstrip(".") if "." in plain else plain)
