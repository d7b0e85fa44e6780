"""Adjustments: quantities that operators add to the sum of a meter. Pure functions.

An adjustment is a sample with a source of its own, so all adjustments add up, and sums, lists and `as_of` need no
special case. It is revoked by its opposite at the same time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model import MeterFormat, MeterKind, Statement
from stratiform.services.ledger.model.correction_application import select_statements_in_force

#: Prefix of the source of every adjustment.
SOURCE = "correction"


@dataclass(frozen=True, slots=True)
class MeterAdjustment:
    """A quantity that is added to the sum of `meter` at the instant `at`; a negative one is subtracted.

    `unit` is the unit of the meter's sums. `project_id` None: the project that used the resource then.
    """

    meter: str
    quantity: Decimal
    at: Micros
    unit: str = ""
    project_id: str | None = None

    @property
    def meter_format(self) -> MeterFormat:
        """The format of the quantity, which does not depend on the kind of the meter."""
        return MeterFormat("delta", self.unit)


def get_sum_unit(kind: MeterKind, unit: str) -> str:
    """Return the unit of the sum of values of this kind."""
    return f"{unit}·s" if kind == "gauge" else unit


def find_adjustment(statement: Statement) -> MeterAdjustment | None:
    """Return the adjustment of a statement; None if it has none."""
    if statement.correction is None or not statement.samples:
        return None
    ((meter, quantity),) = statement.samples.items()
    return MeterAdjustment(meter, quantity, statement.at, statement.meters[meter].unit, statement.project_id)


def find_revocations(statements: Iterable[Statement]) -> dict[str, str]:
    """Return the revoked corrections of one resource: message id to the message id of the revocation.

    Only revocations in force are included: those that are not revoked themselves.
    """
    corrections = [statement for statement in statements if statement.correction is not None]
    effective = [
        *select_statements_in_force(statement for statement in corrections if not statement.samples),
        *_adjustments_in_force([statement for statement in corrections if statement.samples]),
    ]
    return {revoked: statement.message_id for statement in effective if (revoked := _revoked_id(statement))}


def _adjustments_in_force(adjustments: Sequence[Statement]) -> list[Statement]:
    """Return the adjustments that are not revoked.

    Their times have no order, but each revokes an earlier one: the more revocations lead from an adjustment to one
    that revokes nothing, the later it was made.
    """
    by_id = {adjustment.message_id: adjustment for adjustment in adjustments}
    effective: list[Statement] = []
    revoked: set[str] = set()
    for adjustment in sorted(adjustments, key=lambda adjustment: _depth(adjustment, by_id), reverse=True):
        if adjustment.message_id not in revoked:
            effective.append(adjustment)
            revoked.add(_revoked_id(adjustment))
    return effective


def _depth(adjustment: Statement, by_id: Mapping[str, Statement]) -> int:
    """Return the number of revocations that lead to an adjustment that revokes nothing."""
    depth = 0
    while (revoked := by_id.get(_revoked_id(adjustment))) is not None:
        adjustment, depth = revoked, depth + 1
    return depth


def _revoked_id(statement: Statement) -> str:
    return (statement.correction.revokes or "") if statement.correction is not None else ""
