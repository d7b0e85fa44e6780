"""Default flavors of images in clouds."""

import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "0098"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"default flavors of images": "clouds_native WHERE default_flavor_id <> ''"}


def upgrade() -> None:
    with op.batch_alter_table("clouds_native") as batch:
        batch.add_column(sa.Column("default_flavor_id", sa.String(length=255), nullable=True))
    natives = sa.table("clouds_native", sa.column("default_flavor_id", sa.String()))
    op.execute(natives.update().values(default_flavor_id=""))
    with op.batch_alter_table("clouds_native") as batch:
        batch.alter_column("default_flavor_id", existing_type=sa.String(length=255), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("clouds_native") as batch:
        batch.drop_column("default_flavor_id")
