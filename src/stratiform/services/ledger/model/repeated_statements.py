"""Statements of messages that were published again. Their time is earlier than that of the original: approximate."""

from collections.abc import Sequence

from msgspec import structs

from stratiform.kit.clock import SECOND_US
from stratiform.services.ledger.model.statements import Statement

#: How far the clock of the host that published a message may be ahead of the clock of the host that repeated it.
_CLOCK_SKEW_US = 60 * SECOND_US


def drop_repeated_statements(statements: Sequence[Statement]) -> Sequence[Statement]:
    """Return the statements without repetitions of others, which have the exact time."""
    repetitions = [each for each in statements if each.repeated_at is not None]
    if not repetitions:
        return statements
    originals = [each for each in statements if each.repeated_at is None]
    return [
        each
        for each in statements
        if each.repeated_at is None or not any(_repeats(each, original) for original in originals)
    ]


def _repeats(repetition: Statement, original: Statement) -> bool:
    assert repetition.repeated_at is not None, "only repetitions are compared"
    return repetition.at <= original.at <= repetition.repeated_at + _CLOCK_SKEW_US and _content(repetition) == _content(
        original
    )


def _content(statement: Statement) -> Statement:
    """Return what a statement asserts, without its time, which may also be the time of a deletion."""
    deleted_at = None if statement.deleted_at == statement.at else statement.deleted_at
    return structs.replace(statement, at=0, message_id="", deleted_at=deleted_at, repeated_at=None, order=0)
