"""Operations that were in progress, or had ended, when the machine's clock was set back.

Their times are in the future then, so a deleted server would keep its address until the clock is there again.
"""

import sqlite3

from stratiform.kit.clock import SECOND_US, Micros

#: How far the clock may go back without consequences: an operation then ends that much later.
TOLERANCE_US = 60 * SECOND_US

_STATEMENTS = (
    "UPDATE servers SET deleted_at = :now WHERE deleted_at > :latest",
    "UPDATE servers SET launched_at = :now WHERE launched_at > :latest AND ready_at > :latest",
    "UPDATE servers SET ready_at = :now WHERE ready_at > :latest",
    "UPDATE servers SET resized_at = :now WHERE resized_at > :latest",
    "UPDATE volumes SET deleted_at = :now WHERE deleted_at > :latest",
    "UPDATE volumes SET ready_at = :now WHERE ready_at > :latest",
    "UPDATE snapshots SET deleted_at = :now WHERE deleted_at > :latest",
    "UPDATE snapshots SET ready_at = :now WHERE ready_at > :latest",
    "UPDATE images SET ready_at = :now WHERE ready_at > :latest",
)


def complete_operations(db: sqlite3.Connection, now: Micros, latency_us: Micros) -> None:
    """Complete the operations whose end is further away than an operation takes."""
    values = {"now": now, "latest": now + max(latency_us, TOLERANCE_US)}
    for statement in _STATEMENTS:
        db.execute(statement, values)
