"""Add the priority of notifications."""

import sqlalchemy as sa
from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES: dict[str, str] = {}


def upgrade() -> None:
    outbox = sa.table("outbox", sa.column("priority", sa.String(8)))
    with op.batch_alter_table("outbox") as batch:
        batch.add_column(sa.Column("priority", sa.String(8), nullable=True))
    op.execute(outbox.update().values(priority=""))
    with op.batch_alter_table("outbox") as batch:
        batch.alter_column("priority", existing_type=sa.String(8), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("outbox") as batch:
        batch.drop_column("priority")
