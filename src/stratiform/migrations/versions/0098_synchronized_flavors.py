"""Flavors that a synchronization with a cloud has created."""

import sqlalchemy as sa
from alembic import op

revision = "0098"
down_revision = "0097"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"marks of flavors that a synchronization may change": "clouds_native WHERE is_synchronized"}


def upgrade() -> None:
    with op.batch_alter_table("clouds_native") as batch:
        batch.add_column(sa.Column("is_synchronized", sa.Boolean(), nullable=True))
    natives = sa.table("clouds_native", sa.column("is_synchronized", sa.Boolean()))
    op.execute(natives.update().values(is_synchronized=False))
    with op.batch_alter_table("clouds_native") as batch:
        batch.alter_column("is_synchronized", existing_type=sa.Boolean(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("clouds_native") as batch:
        batch.drop_column("is_synchronized")
