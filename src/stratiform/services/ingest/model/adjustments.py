"""Adjustments: what staff add to the sum of a meter, or take out of it. Pure.

An adjustment is a sample like any other, but of a counter of its own: so adjustments add up, none hides another, and
lists, sums and `as_of` need to know nothing of them. It is taken back by its opposite at the same instant.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model import MeterFormat, MeterKind, Statement
from stratiform.services.ledger.model.corrections import select_in_force

#: What the source of every adjustment begins with.
SOURCE = "correction"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """`quantity` (negative: less was used) is added to what `meter` counted at the instant `at`, in `unit`, which is
    that of the meter's sums. `project_id`: whose it is; None: whose the resource was then."""

    meter: str
    quantity: Decimal
    at: Micros
    unit: str = ""
    project_id: str | None = None

    @property
    def counted(self) -> MeterFormat:
        """How its value is counted, whatever the meter's own values are."""
        return MeterFormat("delta", self.unit)


def sum_unit(kind: MeterKind, unit: str) -> str:
    """The unit in which values of this kind are summed."""
    return f"{unit}·s" if kind == "gauge" else unit


def adjustment_of(statement: Statement) -> Adjustment | None:
    """What `statement` adjusts; None where it doesn't."""
    if statement.correction is None or not statement.samples:
        return None
    ((meter, quantity),) = statement.samples.items()
    return Adjustment(meter, quantity, statement.at, statement.meters[meter].unit, statement.project_id)


def taken_back(statements: Iterable[Statement]) -> dict[str, str]:
    """By message id, the corrections of one resource that another one takes back, which is in force itself."""
    corrections = [one for one in statements if one.correction is not None]
    laid_over = select_in_force(one for one in corrections if not one.samples)
    added = _counting([one for one in corrections if one.samples])
    return {back: one.message_id for one in [*laid_over, *added] if (back := _revokes(one))}


def _counting(adjustments: list[Statement]) -> list[Statement]:
    """Those that no other takes back. Their instants tell nothing of their order, but each takes back an earlier one:
    so whatever stands further from the first is later."""
    by_id = {one.message_id: one for one in adjustments}
    left, done = [], set[str]()
    for one in sorted(adjustments, key=lambda one: _distance(one, by_id), reverse=True):
        if one.message_id not in done:
            left.append(one)
            done.add(_revokes(one))
    return left


def _distance(one: Statement, by_id: dict[str, Statement]) -> int:
    """How many adjustments, one by one taken back, lead to the first that takes back none."""
    steps = 0
    while (before := by_id.get(_revokes(one))) is not None:
        one, steps = before, steps + 1
    return steps


def _revokes(statement: Statement) -> str:
    return (statement.correction.revokes or "") if statement.correction is not None else ""
