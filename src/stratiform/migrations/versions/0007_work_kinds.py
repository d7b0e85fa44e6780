"""Rename kinds of work after the service that handles them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES: dict[str, str] = {}

_KINDS = {
    "metering.outbox": "ingest.outbox",
    "metering.retention": "ingest.retention",
    "metering.survey": "ingest.poll_sync",
    "metering.poll": "ingest.poll",
    "metering.checkpoint": "proof.checkpoint",
    "metering.checkpoints": "proof.checkpoint_pruning",
}

_work = sa.table("work", sa.column("kind", sa.String))


def upgrade() -> None:
    _rename(_KINDS)


def downgrade() -> None:
    _rename({new: old for old, new in _KINDS.items()})


def _rename(kinds: dict[str, str]) -> None:
    for old, new in kinds.items():
        op.execute(_work.update().where(_work.c.kind == old).values(kind=new))
