"""Placement: labels and pools of clouds, several clouds in an availability zone, policies."""

import sqlalchemy as sa
from alembic import op

from stratiform.kit.database import Json, Serial
from stratiform.migrations.table_builders import build_reference, create_table

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "pools of clouds": "clouds_pool",
    "bindings to pools": "clouds_binding WHERE pool_id IS NOT NULL",
    "labels of clouds": "clouds_cloud WHERE labels <> '{}'",
    "placement policies": "clouds_placement_policy",
    "bindings to further clouds in an availability zone": (
        "clouds_binding b WHERE EXISTS (SELECT 1 FROM clouds_binding o"
        " WHERE o.project_id = b.project_id AND o.zone = b.zone AND o.seq < b.seq)"
    ),
}


def upgrade() -> None:
    with op.batch_alter_table("clouds_cloud") as batch:
        batch.add_column(sa.Column("labels", Json(), nullable=True))
    clouds = sa.table("clouds_cloud", sa.column("labels", Json()))
    op.execute(clouds.update().values(labels={}))
    with op.batch_alter_table("clouds_cloud") as batch:
        batch.alter_column("labels", existing_type=Json(), nullable=False)
    _create_pools()
    with op.batch_alter_table("clouds_binding") as batch:
        batch.add_column(sa.Column("pool_id", sa.String(length=64), nullable=True))
        batch.alter_column("cloud_id", existing_type=sa.String(length=64), nullable=True)
        batch.create_foreign_key("fk_clouds_binding_pool_id", "clouds_pool", ["pool_id"], ["id"])
        batch.drop_constraint("uq_clouds_binding_project_id_zone", type_="unique")
        batch.create_unique_constraint("uq_clouds_binding_project_id_zone_cloud_id", ["project_id", "zone", "cloud_id"])
        batch.create_unique_constraint("uq_clouds_binding_project_id_zone_pool_id", ["project_id", "zone", "pool_id"])
    create_table(
        "clouds_placement_policy",
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("weighers", Json(), nullable=False),
        sa.Column("price_plan", sa.String(length=255), nullable=False),
        key=("owner_id",),
    )
    create_table(
        "clouds_placement_turn",
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        build_reference("clouds_placement_turn", "cloud_id", "clouds_cloud", cascades=True),
        key=("owner_id", "cloud_id"),
    )


def _create_pools() -> None:
    create_table(
        "clouds_pool",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("name", name=op.f("uq_clouds_pool_name")),
        key=("id",),
    )
    create_table(
        "clouds_pool_member",
        sa.Column("seq", Serial, autoincrement=True, nullable=False),
        sa.Column("pool_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("native_zone", sa.String(length=255), nullable=False),
        build_reference("clouds_pool_member", "pool_id", "clouds_pool", cascades=True),
        build_reference("clouds_pool_member", "cloud_id", "clouds_cloud"),
        sa.UniqueConstraint("pool_id", "cloud_id", name=op.f("uq_clouds_pool_member_pool_id_cloud_id")),
        key=("seq",),
    )


def downgrade() -> None:
    op.drop_table("clouds_placement_turn")
    op.drop_table("clouds_placement_policy")
    _delete_bindings_of_further_clouds()
    with op.batch_alter_table("clouds_binding") as batch:
        batch.drop_constraint("fk_clouds_binding_pool_id", type_="foreignkey")
        batch.drop_constraint("uq_clouds_binding_project_id_zone_pool_id", type_="unique")
        batch.drop_constraint("uq_clouds_binding_project_id_zone_cloud_id", type_="unique")
        batch.create_unique_constraint("uq_clouds_binding_project_id_zone", ["project_id", "zone"])
        batch.alter_column("cloud_id", existing_type=sa.String(length=64), nullable=False)
        batch.drop_column("pool_id")
    op.drop_table("clouds_pool_member")
    op.drop_table("clouds_pool")
    with op.batch_alter_table("clouds_cloud") as batch:
        batch.drop_column("labels")


def _delete_bindings_of_further_clouds() -> None:
    """Delete bindings to pools; keep the oldest binding of each availability zone."""
    names = ("seq", "project_id", "zone", "pool_id")
    columns: list[sa.ColumnClause[object]] = [sa.column(name) for name in names]
    bindings = sa.table("clouds_binding", *columns)
    op.execute(bindings.delete().where(bindings.c.pool_id.is_not(None)))
    query = sa.select(bindings.c.seq, bindings.c.project_id, bindings.c.zone).order_by(bindings.c.seq)
    rows = op.get_bind().execute(query).all()
    kept: set[tuple[str, str]] = set()
    for seq, project_id, zone in rows:
        if (project_id, zone) in kept:
            op.execute(bindings.delete().where(bindings.c.seq == seq))
        kept.add((project_id, zone))
