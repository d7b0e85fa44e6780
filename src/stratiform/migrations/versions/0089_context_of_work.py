"""Add the context of requests to background work."""

import sqlalchemy as sa
from alembic import op

from stratiform.kit.database import Json

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES: dict[str, str] = {}


def upgrade() -> None:
    work = sa.table("work", sa.column("context", Json()))
    with op.batch_alter_table("work") as batch:
        batch.add_column(sa.Column("context", Json(), nullable=True))
    op.execute(work.update().values(context={}))
    with op.batch_alter_table("work") as batch:
        batch.alter_column("context", existing_type=Json(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("work") as batch:
        batch.drop_column("context")
