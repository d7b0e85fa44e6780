"""Create the initial tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from stratiform.kit.database import Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "ledger events": "metering_event",
    "documents": "billing_document",
    "customer accounts": "billing_account",
    "price plans": "rating_plan",
    "projects": "identity_project",
    "users": "identity_user",
    "clouds": "clouds_cloud",
    "servers": "compute_server",
    "volumes": "volume_volume",
    "images": "image_image",
    "networks": "network_network",
}


def upgrade() -> None:
    op.create_table(
        "billing_account",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("tax_rate", sa.String(length=16), nullable=False),
        sa.Column("party", Json(), nullable=False),
        sa.Column("billed_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_account")),
        sa.UniqueConstraint("name", name=op.f("uq_billing_account_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "billing_number",
        sa.Column("series", sa.String(length=16), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_billing_number")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "billing_seller",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("party", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_seller")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "clouds_cloud",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("settings", Json(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clouds_cloud")),
        sa.UniqueConstraint("name", name=op.f("uq_clouds_cloud_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "compute_flavor",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("ram", sa.Integer(), nullable=False),
        sa.Column("disk", sa.Integer(), nullable=False),
        sa.Column("ephemeral", sa.Integer(), nullable=False),
        sa.Column("swap", sa.Integer(), nullable=False),
        sa.Column("rxtx_factor", sa.String(length=32), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("extra_specs", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_flavor")),
        sa.UniqueConstraint("name", name=op.f("uq_compute_flavor_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "compute_flavor_access",
        sa.Column("flavor_id", sa.String(length=255), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("flavor_id", "project_id", name=op.f("pk_compute_flavor_access")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "compute_keypair",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_keypair")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_compute_keypair_user_id_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "compute_server",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("hostname", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("vm_state", sa.String(length=32), nullable=False),
        sa.Column("task_state", sa.String(length=32), nullable=False),
        sa.Column("power_state", sa.Integer(), nullable=False),
        sa.Column("power_on", sa.Boolean(), nullable=False),
        sa.Column("flavor", Json(), nullable=False),
        sa.Column("flavor_id", sa.String(length=255), nullable=False),
        sa.Column("image_id", sa.String(length=64), nullable=False),
        sa.Column("image", Json(), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_name", sa.String(length=64), nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("native_zone", sa.String(length=255), nullable=False),
        sa.Column("reservation_id", sa.String(length=64), nullable=False),
        sa.Column("launch_index", sa.Integer(), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("new_flavor", Json(), nullable=True),
        sa.Column("old_flavor", Json(), nullable=True),
        sa.Column("key_name", sa.String(length=255), nullable=True),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column(
            "user_data",
            sa.Text().with_variant(mysql.MEDIUMTEXT(), "mariadb").with_variant(mysql.MEDIUMTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("security_groups", Json(), nullable=False),
        sa.Column("config_drive", sa.Boolean(), nullable=False),
        sa.Column("disk_config", sa.String(length=16), nullable=False),
        sa.Column("access_ip_v4", sa.String(length=64), nullable=False),
        sa.Column("access_ip_v6", sa.String(length=64), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("locked_by", sa.String(length=16), nullable=False),
        sa.Column("locked_reason", sa.String(length=255), nullable=True),
        sa.Column("fault", Json(), nullable=True),
        sa.Column("launched_at", sa.BigInteger(), nullable=True),
        sa.Column("terminated_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_server")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("compute_server", schema=None) as batch_op:
        batch_op.create_index("ix_compute_server_cloud", ["cloud_id", "deleted_at"], unique=False)
        batch_op.create_index("ix_compute_server_project", ["project_id", "deleted_at", "created_at"], unique=False)

    op.create_table(
        "compute_server_action",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_server_action")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("compute_server_action", schema=None) as batch_op:
        batch_op.create_index("ix_compute_server_action_server", ["server_id", "started_at"], unique=False)

    op.create_table(
        "identity_application_credential",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.String(length=128), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("unrestricted", sa.Boolean(), nullable=False),
        sa.Column("role_ids", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_application_credential")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_identity_application_credential_user_id_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("identity_application_credential", schema=None) as batch_op:
        batch_op.create_index("ix_identity_application_credential_project_id", ["project_id"], unique=False)

    op.create_table(
        "identity_assignment",
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("target_id", sa.String(length=64), nullable=False),
        sa.Column("target_kind", sa.String(length=8), nullable=False),
        sa.Column("role_id", sa.String(length=64), nullable=False),
        sa.Column("inherited", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "actor_id",
            "actor_kind",
            "target_id",
            "target_kind",
            "role_id",
            "inherited",
            name=op.f("pk_identity_assignment"),
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("identity_assignment", schema=None) as batch_op:
        batch_op.create_index("ix_identity_assignment_target", ["target_id"], unique=False)

    op.create_table(
        "identity_endpoint",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("interface", sa.String(length=8), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("region_id", sa.String(length=255), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("extra", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_endpoint")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("identity_endpoint", schema=None) as batch_op:
        batch_op.create_index("ix_identity_endpoint_service_id", ["service_id"], unique=False)

    op.create_table(
        "identity_group",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("extra", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_group")),
        sa.UniqueConstraint("domain_id", "name", name=op.f("uq_identity_group_domain_id_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "identity_implied_role",
        sa.Column("prior_id", sa.String(length=64), nullable=False),
        sa.Column("implied_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("prior_id", "implied_id", name=op.f("pk_identity_implied_role")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "identity_membership",
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_identity_membership")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("identity_membership", schema=None) as batch_op:
        batch_op.create_index("ix_identity_membership_user_id", ["user_id"], unique=False)

    op.create_table(
        "identity_project",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=True),
        sa.Column("is_domain", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("options", Json(), nullable=False),
        sa.Column("extra", Json(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_project")),
        sa.UniqueConstraint("domain_id", "name", name=op.f("uq_identity_project_domain_id_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("identity_project", schema=None) as batch_op:
        batch_op.create_index("ix_identity_project_parent_id", ["parent_id"], unique=False)

    op.create_table(
        "identity_region",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("parent_region_id", sa.String(length=255), nullable=True),
        sa.Column("extra", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_region")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "identity_revocation",
        sa.Column("audit_id", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_identity_revocation")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "identity_role",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("options", Json(), nullable=False),
        sa.Column("extra", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_role")),
        sa.UniqueConstraint("domain_id", "name", name=op.f("uq_identity_role_domain_id_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "identity_service",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("extra", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_service")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "identity_state",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_identity_state")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "identity_user",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("password", sa.String(length=128), nullable=False),
        sa.Column("password_changed_at", sa.BigInteger(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("default_project_id", sa.String(length=64), nullable=True),
        sa.Column("options", Json(), nullable=False),
        sa.Column("extra", Json(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_user")),
        sa.UniqueConstraint("domain_id", "name", name=op.f("uq_identity_user_domain_id_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "image_image",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("visibility", sa.String(length=16), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("os_hidden", sa.Boolean(), nullable=False),
        sa.Column("disk_format", sa.String(length=32), nullable=True),
        sa.Column("container_format", sa.String(length=32), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("virtual_size", sa.BigInteger(), nullable=True),
        sa.Column("checksum", sa.String(length=32), nullable=True),
        sa.Column("os_hash_algo", sa.String(length=64), nullable=True),
        sa.Column("os_hash_value", sa.String(length=128), nullable=True),
        sa.Column("min_disk", sa.Integer(), nullable=False),
        sa.Column("min_ram", sa.Integer(), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("properties", Json(), nullable=False),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("upload", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_image")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("image_image", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_image_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_image_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_image_visibility"), ["visibility"], unique=False)

    op.create_table(
        "image_in_cloud",
        sa.Column("image_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("disk_format", sa.String(length=32), nullable=False),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", "cloud_id", name=op.f("pk_image_in_cloud")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_event",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "message_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_type",
            sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.String(length=255), nullable=False),
        sa.Column("publisher_id", sa.String(length=255), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("fact", Json(), nullable=False),
        sa.Column(
            "payload",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mariadb").with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_metering_event")),
        sa.UniqueConstraint("message_id", "cloud", name=op.f("uq_metering_event_message_id_cloud")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_metering_event_resource", ["resource_id", "resource_type", "cloud", "at"], unique=False
        )

    op.create_table(
        "metering_position",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_position")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_rejected",
        sa.Column(
            "id", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "body",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mariadb").with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_rejected")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_resource",
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_type",
            sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("cloud", "resource_type", "resource_id", name=op.f("pk_metering_resource")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_segment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_type",
            sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attributes", Json(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("superseded", sa.BigInteger(), nullable=True),
        sa.Column("is_open", sa.Integer(), nullable=True),
        sa.CheckConstraint("end_at IS NULL OR end_at > start_at", name=op.f("ck_metering_segment_forward")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_segment")),
        sa.UniqueConstraint(
            "resource_type",
            "resource_id",
            "cloud",
            "is_open",
            name=op.f("uq_metering_segment_resource_type_resource_id_cloud_is_open"),
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("metering_segment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_metering_segment_project",
            ["project_id", "resource_type", "resource_id", "cloud", "start_at"],
            unique=False,
        )

    op.create_table(
        "network_network",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("external", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("mtu", sa.Integer(), nullable=False),
        sa.Column("port_security_enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_network")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("network_network", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_network_project_id"), ["project_id"], unique=False)

    op.create_table(
        "network_subnet_in_cloud",
        sa.Column("subnet_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("subnet_id", "cloud_id", name=op.f("pk_network_subnet_in_cloud")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("event_type", sa.String(length=128), nullable=False),
        sa.Column("publisher_id", sa.String(length=128), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cloud", sa.String(length=64), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "rating_plan",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unpriced", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rating_plan")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "volume_attachment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("volume_id", sa.String(length=64), nullable=False),
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("attached_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_attachment")),
        sa.UniqueConstraint("server_id", "device", name=op.f("uq_volume_attachment_server_id_device")),
        sa.UniqueConstraint("volume_id", name=op.f("uq_volume_attachment_volume_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "volume_type",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("extra_specs", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_type")),
        sa.UniqueConstraint("name", name=op.f("uq_volume_type_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "volume_type_access",
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("type_id", "project_id", name=op.f("pk_volume_type_access")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "volume_volume",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("size_gib", sa.Integer(), nullable=False),
        sa.Column("wanted_gib", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("previous_status", sa.String(length=32), nullable=False),
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("native_zone", sa.String(length=255), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_name", sa.String(length=64), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("image_id", sa.String(length=64), nullable=False),
        sa.Column("image_metadata", Json(), nullable=False),
        sa.Column("bootable", sa.Boolean(), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=True),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("launched_at", sa.BigInteger(), nullable=True),
        sa.Column("terminated_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_volume")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("volume_volume", schema=None) as batch_op:
        batch_op.create_index("ix_volume_volume_cloud", ["cloud_id", "deleted_at"], unique=False)
        batch_op.create_index("ix_volume_volume_project", ["project_id", "deleted_at"], unique=False)

    op.create_table(
        "work",
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_work")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("work", schema=None) as batch_op:
        batch_op.create_index("ix_work_due", ["due_at"], unique=False)

    op.create_table(
        "billing_assignment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_assignment_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_assignment")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("billing_assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_billing_assignment_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_billing_assignment_project_id"), ["project_id"], unique=False)

    op.create_table(
        "billing_invoice",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "document",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mariadb").with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_invoice_account_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_billing_invoice")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("billing_invoice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_billing_invoice_account_id"), ["account_id"], unique=False)

    op.create_table(
        "billing_period",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("invoice_number", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_period_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_period")),
        sa.UniqueConstraint("account_id", "start", name=op.f("uq_billing_period_account_id_start")),
        sa.UniqueConstraint("invoice_number", name=op.f("uq_billing_period_invoice_number")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "clouds_binding",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("native_zone", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["cloud_id"], ["clouds_cloud.id"], name=op.f("fk_clouds_binding_cloud_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_clouds_binding")),
        sa.UniqueConstraint("project_id", "zone", name=op.f("uq_clouds_binding_project_id_zone")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "clouds_native",
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ours_id", sa.String(length=64), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["cloud_id"], ["clouds_cloud.id"], name=op.f("fk_clouds_native_cloud_id")),
        sa.PrimaryKeyConstraint("cloud_id", "kind", "ours_id", name=op.f("pk_clouds_native")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "image_member",
        sa.Column("image_id", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image_image.id"], name=op.f("fk_image_member_image_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("image_id", "member_id", name=op.f("pk_image_member")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("image_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_member_member_id"), ["member_id"], unique=False)

    op.create_table(
        "network_port",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.String(length=64), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("mac_address", sa.String(length=17), nullable=False),
        sa.Column("fixed_ips", Json(), nullable=False),
        sa.Column("device_id", sa.String(length=255), nullable=False),
        sa.Column("device_owner", sa.String(length=255), nullable=False),
        sa.Column("security_groups", Json(), nullable=False),
        sa.Column("port_security_enabled", sa.Boolean(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("vnic_type", sa.String(length=64), nullable=False),
        sa.Column("profile", Json(), nullable=False),
        sa.Column("made_for_server", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["network_id"], ["network_network.id"], name=op.f("fk_network_port_network_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_port")),
        sa.UniqueConstraint("network_id", "mac_address", name=op.f("uq_network_port_network_id_mac_address")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("network_port", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_port_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_network_port_project_id"), ["project_id"], unique=False)

    op.create_table(
        "network_subnet",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.String(length=64), nullable=False),
        sa.Column("ip_version", sa.Integer(), nullable=False),
        sa.Column("cidr", sa.String(length=64), nullable=False),
        sa.Column("gateway_ip", sa.String(length=45), nullable=True),
        sa.Column("enable_dhcp", sa.Boolean(), nullable=False),
        sa.Column("ipv6_address_mode", sa.String(length=32), nullable=True),
        sa.Column("ipv6_ra_mode", sa.String(length=32), nullable=True),
        sa.Column("dns_nameservers", Json(), nullable=False),
        sa.Column("host_routes", Json(), nullable=False),
        sa.Column("service_types", Json(), nullable=False),
        sa.Column("allocation_pools", Json(), nullable=False),
        sa.ForeignKeyConstraint(["network_id"], ["network_network.id"], name=op.f("fk_network_subnet_network_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_subnet")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("network_subnet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_subnet_network_id"), ["network_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_network_subnet_project_id"), ["project_id"], unique=False)

    op.create_table(
        "rating_version",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["rating_plan.name"], name=op.f("fk_rating_version_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_version")),
        sa.UniqueConstraint("plan", "valid_from", name=op.f("uq_rating_version_plan_valid_from")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "network_address",
        sa.Column("subnet_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("port_id", sa.String(length=64), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["subnet_id"], ["network_subnet.id"], name=op.f("fk_network_address_subnet_id")),
        sa.PrimaryKeyConstraint("subnet_id", "number", name=op.f("pk_network_address")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    with op.batch_alter_table("network_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_address_port_id"), ["port_id"], unique=False)
        batch_op.create_index("ix_network_address_rested", ["subnet_id", "port_id", "released_at"], unique=False)

    op.create_table(
        "network_pool",
        sa.Column("subnet_id", sa.String(length=64), nullable=False),
        sa.Column("first", sa.String(length=32), nullable=False),
        sa.Column("last", sa.String(length=32), nullable=False),
        sa.Column("next", sa.String(length=33), nullable=False),
        sa.ForeignKeyConstraint(["subnet_id"], ["network_subnet.id"], name=op.f("fk_network_pool_subnet_id")),
        sa.PrimaryKeyConstraint("subnet_id", "first", name=op.f("pk_network_pool")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )


def downgrade() -> None:
    op.drop_table("network_pool")
    op.drop_table("network_address")
    op.drop_table("rating_version")
    op.drop_table("network_subnet")
    op.drop_table("network_port")
    op.drop_table("image_member")
    op.drop_table("clouds_native")
    op.drop_table("clouds_binding")
    op.drop_table("billing_period")
    op.drop_table("billing_invoice")
    op.drop_table("billing_assignment")
    op.drop_table("work")
    op.drop_table("volume_volume")
    op.drop_table("volume_type_access")
    op.drop_table("volume_type")
    op.drop_table("volume_attachment")
    op.drop_table("rating_plan")
    op.drop_table("outbox")
    op.drop_table("network_subnet_in_cloud")
    op.drop_table("network_network")
    op.drop_table("metering_segment")
    op.drop_table("metering_resource")
    op.drop_table("metering_rejected")
    op.drop_table("metering_position")
    op.drop_table("metering_event")
    op.drop_table("image_in_cloud")
    op.drop_table("image_image")
    op.drop_table("identity_user")
    op.drop_table("identity_state")
    op.drop_table("identity_service")
    op.drop_table("identity_role")
    op.drop_table("identity_revocation")
    op.drop_table("identity_region")
    op.drop_table("identity_project")
    op.drop_table("identity_membership")
    op.drop_table("identity_implied_role")
    op.drop_table("identity_group")
    op.drop_table("identity_endpoint")
    op.drop_table("identity_assignment")
    op.drop_table("identity_application_credential")
    op.drop_table("compute_server_action")
    op.drop_table("compute_server")
    op.drop_table("compute_keypair")
    op.drop_table("compute_flavor_access")
    op.drop_table("compute_flavor")
    op.drop_table("clouds_cloud")
    op.drop_table("billing_seller")
    op.drop_table("billing_number")
    op.drop_table("billing_account")
