"""Usage capability: what a cloud reports about its resources and their use, for metering and audits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, TypeVar

import msgspec

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.errors import Invalid, describe_cause
from stratiform.kit.number_parsing import parse_scientific

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InventoryItem:
    """A resource that exists in a cloud now, whether we created it or not.

    `resource_type` and `attributes` have the names that the ledger uses (`instance`: flavor, vcpus, ram_mib, …;
    `volume`: size_gib, volume_type, …). An attribute whose meaning differs from the ledger's is omitted. `id` is the
    id that the ledger uses: our token if we created the resource, else the cloud's own id.
    """

    resource_type: str
    id: str
    project_id: str  # "" if only the ledger knows the project
    name: str
    state: str  # "" while the resource changes between two states, or before its first launch
    since: Micros | None  # start of its use, if the cloud reports it
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsageSample:
    """One measured value of one meter of one resource, at an instant or for a period that starts at `at`.

    `source` is the cloud's id of the measured object (a server has several network interfaces) and never changes;
    `source` and `at` together identify a sample of a meter.
    """

    resource_id: str
    project_id: str  # "" if only the ledger knows the project
    at: Micros
    value: Decimal
    source: str
    duration_us: Micros = 0  # length of the period; 0 for an instant
    name: str = ""  # of the resource, if the cloud knows a better one than the ledger


class UsageDriver(Protocol):
    """Read-only operations. All raise CloudUnreachable, CredentialsRejected or RequestRejected.

    A response that may be incomplete raises CloudUnreachable: resources that it omits would look unused.
    """

    def list_inventory(self) -> Iterator[InventoryItem]:
        """Iterate over all resources of all projects, each once."""

    def list_samples(self, poll: Mapping[str, Any], since: Micros, until: Micros) -> Iterator[UsageSample]:
        """Iterate over the samples of `[since, until)` that a meter's `poll` table selects, in any order.

        Repeating a request returns the same samples if its last period is over: `until` must be at least `period_s`
        (the distance of two values, in every poll table) before the current time. Raises: Invalid (poll table).
        """


def parse_poll_parameters(poll: Mapping[str, Any], table_type: type[T]) -> T:
    """Convert a `poll` table to a Struct of `table_type`. Raises: Invalid, with the key."""
    try:
        return msgspec.convert(poll, table_type)
    except msgspec.ValidationError as error:
        raise Invalid(f"invalid poll table: {describe_cause(error)}") from error


def align_periods(since: Micros, until: Micros, period_s: int) -> tuple[Micros, Micros]:
    """Return the start of the first period that starts in `[since, until)`, and the end of the last one.

    Periods start at multiples of their length since 1970, so that adjacent intervals share no period.
    """
    period = period_s * SECOND_US
    return -(-since // period) * period, -(-until // period) * period


def parse_decimal(text: str) -> Decimal | None:
    """Parse a number exactly, without trailing zeros after the decimal point; None if it is not a finite number."""
    value = parse_scientific(text)
    if value is None:
        return None
    plain = format(value, "f")
    return Decimal(plain.rstrip("0").rstrip(".") if "." in plain else plain)
