"""Events remain in the outbox until they are published on a message bus."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"notifications that wait for publication": "outbox WHERE ingested"}

_JSON = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

_outbox = sa.table("outbox", sa.column("context", _JSON), sa.column("ingested", sa.Boolean))


def upgrade() -> None:
    with op.batch_alter_table("outbox") as batch:
        batch.add_column(sa.Column("context", _JSON, nullable=True))
        batch.add_column(sa.Column("ingested", sa.Boolean(), nullable=True))
    op.execute(_outbox.update().values(context="{}", ingested=False))
    with op.batch_alter_table("outbox") as batch:
        batch.alter_column("context", existing_type=_JSON, nullable=False)
        batch.alter_column("ingested", existing_type=sa.Boolean(), nullable=False)


def downgrade() -> None:
    op.execute(sa.delete(_outbox).where(_outbox.c.ingested.is_(True)))
    with op.batch_alter_table("outbox") as batch:
        batch.drop_column("ingested")
        batch.drop_column("context")
