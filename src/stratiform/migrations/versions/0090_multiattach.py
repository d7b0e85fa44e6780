"""Volumes that are attached to several servers."""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {"attachments of multiattach volumes": "volume_attachment WHERE exclusive_volume_id IS NULL"}


def upgrade() -> None:
    with op.batch_alter_table("volume_volume") as batch:
        batch.add_column(sa.Column("multiattach", sa.Boolean(), nullable=True))
    volumes = sa.table("volume_volume", sa.column("multiattach", sa.Boolean()))
    op.execute(volumes.update().values(multiattach=False))
    with op.batch_alter_table("volume_volume") as batch:
        batch.alter_column("multiattach", existing_type=sa.Boolean(), nullable=False)
    with op.batch_alter_table("volume_attachment") as batch:
        batch.add_column(sa.Column("exclusive_volume_id", sa.String(length=64), nullable=True))
    attachments = sa.table("volume_attachment", sa.column("volume_id"), sa.column("exclusive_volume_id"))
    op.execute(attachments.update().values(exclusive_volume_id=attachments.c.volume_id))
    with op.batch_alter_table("volume_attachment") as batch:
        batch.drop_constraint("uq_volume_attachment_volume_id", type_="unique")
        batch.create_unique_constraint("uq_volume_attachment_exclusive_volume_id", ["exclusive_volume_id"])
    op.create_index(op.f("ix_volume_attachment_volume_id"), "volume_attachment", ["volume_id"])


def downgrade() -> None:
    attachments = sa.table("volume_attachment", sa.column("exclusive_volume_id"))
    op.execute(attachments.delete().where(attachments.c.exclusive_volume_id.is_(None)))
    op.drop_index(op.f("ix_volume_attachment_volume_id"), "volume_attachment")
    with op.batch_alter_table("volume_attachment") as batch:
        batch.drop_constraint("uq_volume_attachment_exclusive_volume_id", type_="unique")
        batch.create_unique_constraint("uq_volume_attachment_volume_id", ["volume_id"])
        batch.drop_column("exclusive_volume_id")
    with op.batch_alter_table("volume_volume") as batch:
        batch.drop_column("multiattach")
