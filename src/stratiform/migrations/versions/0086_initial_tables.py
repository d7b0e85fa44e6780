"""Create the tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from stratiform.kit.database import Json

#: The number is that of the last development version, so that its databases remain current.
revision = "0086"
down_revision = None
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the table with its rows.
LOSSES = {
    "ledger events": "metering_event",
    "samples": "metering_sample",
    "signed checkpoints": "metering_checkpoint",
    "documents": "billing_document",
    "customer accounts": "billing_account",
    "price plans": "rating_plan",
    "records of audits": "audit_run",
    "projects": "identity_project",
    "users": "identity_user",
    "clouds": "clouds_cloud",
    "servers": "compute_server",
    "volumes": "volume_volume",
    "snapshots of volumes": "volume_snapshot",
    "backups of volumes": "volume_backup",
    "images": "image_image",
    "networks": "network_network",
    "routers": "network_router",
}

#: In the order of their foreign keys.
_TABLES = (
    "audit_run",
    "billing_account",
    "billing_number",
    "billing_seller",
    "clouds_cloud",
    "compute_aggregate",
    "compute_client_request",
    "compute_console_token",
    "compute_flavor",
    "compute_flavor_access",
    "compute_keypair",
    "compute_quota",
    "compute_quota_class",
    "compute_quota_lock",
    "compute_server",
    "compute_server_action",
    "compute_server_group",
    "compute_server_password",
    "compute_service_state",
    "identity_application_credential",
    "identity_assignment",
    "identity_directory_entry",
    "identity_earlier_password",
    "identity_endpoint",
    "identity_expiring_membership",
    "identity_failed_sign_in",
    "identity_federated_user",
    "identity_group",
    "identity_implied_role",
    "identity_membership",
    "identity_project",
    "identity_region",
    "identity_revocation",
    "identity_role",
    "identity_service",
    "identity_simple_resource",
    "identity_state",
    "identity_used_passcode",
    "identity_user",
    "image_image",
    "image_in_cloud",
    "image_metadef_namespace",
    "image_quota_lock",
    "image_task",
    "installation_key",
    "metering_batch",
    "metering_called",
    "metering_checkpoint",
    "metering_correction",
    "metering_event",
    "metering_name",
    "metering_poll",
    "metering_position",
    "metering_rejected",
    "metering_resource",
    "metering_sample",
    "metering_segment",
    "metering_tile",
    "metering_unknown",
    "network_address_group",
    "network_address_scope",
    "network_default_security_group_rule",
    "network_metering_label",
    "network_network",
    "network_object_in_cloud",
    "network_policy",
    "network_quota",
    "network_quota_lock",
    "network_rbac_policy",
    "network_security_group",
    "network_security_group_default_statefulness",
    "network_subnet_in_cloud",
    "outbox",
    "rating_plan",
    "volume_attachment",
    "volume_backup",
    "volume_default_type",
    "volume_group",
    "volume_group_snapshot",
    "volume_group_type",
    "volume_qos_spec",
    "volume_quota",
    "volume_quota_lock",
    "volume_snapshot",
    "volume_transfer",
    "volume_type",
    "volume_type_access",
    "volume_type_encryption",
    "volume_volume",
    "work",
    "audit_run_cloud",
    "billing_assignment",
    "billing_document",
    "billing_price_change",
    "clouds_binding",
    "clouds_native",
    "image_member",
    "image_metadef_item",
    "network_bandwidth_limit_rule",
    "network_dscp_marking_rule",
    "network_metering_label_rule",
    "network_minimum_bandwidth_rule",
    "network_minimum_packet_rate_rule",
    "network_packet_rate_limit_rule",
    "network_port",
    "network_router",
    "network_security_group_rule",
    "network_subnet",
    "network_subnetpool",
    "rating_free_type",
    "rating_version",
    "billing_document_reference",
    "billing_document_tax",
    "billing_period",
    "billing_price_difference",
    "network_address",
    "network_auto_allocated_topology",
    "network_floatingip",
    "network_pool",
    "network_port_security_group",
    "network_trunk",
    "network_port_forwarding",
)

_EXTENSION = "CREATE EXTENSION IF NOT EXISTS btree_gist"
_APART_ON_POSTGRESQL = """
ALTER TABLE metering_segment ADD CONSTRAINT metering_segment_apart EXCLUDE USING gist
(resource WITH =, int8range(start_at, end_at) WITH &&) WHERE (superseded IS NULL)
"""
_APART_ON_SQLITE = """
CREATE TRIGGER metering_segment_apart BEFORE INSERT ON metering_segment
WHEN NEW.superseded IS NULL AND EXISTS (
    SELECT 1 FROM metering_segment AS other
    WHERE other.resource = NEW.resource AND other.superseded IS NULL
    AND (NEW.end_at IS NULL OR other.start_at < NEW.end_at)
    AND (other.end_at IS NULL OR other.end_at > NEW.start_at)
)
BEGIN SELECT RAISE(ABORT, 'metering_segment: two segments of a resource overlap'); END
"""


def upgrade() -> None:
    op.create_table(
        "audit_run",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_run")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_audit_run_end", "audit_run", ["end"], unique=False)
    op.create_table(
        "billing_account",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("plan_from", sa.BigInteger(), nullable=True),
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
        "compute_aggregate",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("uuid", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("availability_zone", sa.String(length=255), nullable=True),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("hosts", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_aggregate")),
        sa.UniqueConstraint("name", name=op.f("uq_compute_aggregate_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "compute_client_request",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("result_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "token", name=op.f("pk_compute_client_request")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "compute_console_token",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("console_type", sa.String(length=16), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_compute_console_token")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_compute_console_token_expires_at"), "compute_console_token", ["expires_at"], unique=False)
    op.create_index(op.f("ix_compute_console_token_server_id"), "compute_console_token", ["server_id"], unique=False)
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
        "compute_quota",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "resource", name=op.f("pk_compute_quota")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "compute_quota_class",
        sa.Column("class_name", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("class_name", "resource", name=op.f("pk_compute_quota_class")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "compute_quota_lock",
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_compute_quota_lock")),
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
        sa.Column("task_arguments", Json(), nullable=False),
        sa.Column("shelved_image_id", sa.String(length=64), nullable=False),
        sa.Column("pinned_zone", sa.String(length=255), nullable=True),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("fault", Json(), nullable=True),
        sa.Column("launched_at", sa.BigInteger(), nullable=True),
        sa.Column("terminated_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_server")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_compute_server_cloud", "compute_server", ["cloud_id", "deleted_at"], unique=False)
    op.create_index(
        "ix_compute_server_project", "compute_server", ["project_id", "deleted_at", "created_at"], unique=False
    )
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
    op.create_index(
        "ix_compute_server_action_server", "compute_server_action", ["server_id", "started_at"], unique=False
    )
    op.create_table(
        "compute_server_group",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("policy", sa.String(length=32), nullable=False),
        sa.Column("rules", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_server_group")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_compute_server_group_project_id"), "compute_server_group", ["project_id"], unique=False)
    op.create_table(
        "compute_server_password",
        sa.Column("server_id", sa.String(length=64), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", name=op.f("pk_compute_server_password")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "compute_service_state",
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(length=255), nullable=True),
        sa.Column("forced_down", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cloud_id", name=op.f("pk_compute_service_state")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
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
        sa.Column("access_rules", Json(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_application_credential")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_identity_application_credential_user_id_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        "ix_identity_application_credential_project_id", "identity_application_credential", ["project_id"], unique=False
    )
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
    op.create_index("ix_identity_assignment_target", "identity_assignment", ["target_id"], unique=False)
    op.create_table(
        "identity_directory_entry",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("local_id", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_directory_entry")),
        sa.UniqueConstraint(
            "domain_id", "kind", "local_id", name=op.f("uq_identity_directory_entry_domain_id_kind_local_id")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "identity_earlier_password",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("password", sa.String(length=128), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "password", name=op.f("pk_identity_earlier_password")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
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
    op.create_index("ix_identity_endpoint_service_id", "identity_endpoint", ["service_id"], unique=False)
    op.create_table(
        "identity_expiring_membership",
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("idp_id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_identity_expiring_membership")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        "ix_identity_expiring_membership_user_id", "identity_expiring_membership", ["user_id"], unique=False
    )
    op.create_table(
        "identity_failed_sign_in",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_identity_failed_sign_in")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_identity_failed_sign_in_failed_at", "identity_failed_sign_in", ["failed_at"], unique=False)
    op.create_table(
        "identity_federated_user",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("idp_id", sa.String(length=64), nullable=False),
        sa.Column("protocol_id", sa.String(length=64), nullable=False),
        sa.Column("unique_id", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_identity_federated_user")),
        sa.UniqueConstraint(
            "idp_id", "protocol_id", "unique_id", name=op.f("uq_identity_federated_user_idp_id_protocol_id_unique_id")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
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
    op.create_index("ix_identity_membership_user_id", "identity_membership", ["user_id"], unique=False)
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
    op.create_index("ix_identity_project_parent_id", "identity_project", ["parent_id"], unique=False)
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
        "identity_simple_resource",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("unique_key", sa.String(length=512), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("attributes", Json(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_identity_simple_resource")),
        sa.UniqueConstraint("kind", "unique_key", name=op.f("uq_identity_simple_resource_kind_unique_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_identity_simple_resource_owner_id", "identity_simple_resource", ["owner_id"], unique=False)
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
        "identity_used_passcode",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "step", name=op.f("pk_identity_used_passcode")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_identity_used_passcode_step", "identity_used_passcode", ["step"], unique=False)
    op.create_table(
        "identity_user",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain_id", sa.String(length=64), nullable=False),
        sa.Column("password", sa.String(length=128), nullable=False),
        sa.Column("password_changed_at", sa.BigInteger(), nullable=True),
        sa.Column("password_expires_at", sa.BigInteger(), nullable=True),
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
        sa.Column("locations", Json(), nullable=False),
        sa.Column("stored_copies", sa.Integer(), nullable=False),
        sa.Column("upload", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_image")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_image_image_created_at"), "image_image", ["created_at"], unique=False)
    op.create_index(op.f("ix_image_image_owner"), "image_image", ["owner"], unique=False)
    op.create_index(op.f("ix_image_image_visibility"), "image_image", ["visibility"], unique=False)
    op.create_table(
        "image_in_cloud",
        sa.Column("image_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("disk_format", sa.String(length=32), nullable=False),
        sa.Column("locations", Json(), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", "cloud_id", name=op.f("pk_image_in_cloud")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "image_metadef_namespace",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("owner", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=80), nullable=True),
        sa.Column("description", sa.String(length=500), nullable=True),
        sa.Column("visibility", sa.String(length=16), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("visibility IN ('public', 'private')", name=op.f("ck_image_metadef_namespace_visibility")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_metadef_namespace")),
        sa.UniqueConstraint("name", name=op.f("uq_image_metadef_namespace_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "image_quota_lock",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_image_quota_lock")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "image_task",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("image_id", sa.String(length=64), nullable=False),
        sa.Column("input", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("result", Json(), nullable=True),
        sa.Column(
            "message",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'processing', 'success', 'failure')", name=op.f("ck_image_task_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_task")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_image_task_created_at"), "image_task", ["created_at"], unique=False)
    op.create_index(op.f("ix_image_task_expires_at"), "image_task", ["expires_at"], unique=False)
    op.create_index(op.f("ix_image_task_image_id"), "image_task", ["image_id"], unique=False)
    op.create_index(op.f("ix_image_task_owner"), "image_task", ["owner"], unique=False)
    op.create_table(
        "installation_key",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column(
            "check_value",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation_key")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_batch",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column(
            "messages",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mariadb").with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_batch")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_metering_batch_received_at", "metering_batch", ["received_at"], unique=False)
    op.create_table(
        "metering_called",
        sa.Column("resource", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.PrimaryKeyConstraint("resource", "until", name=op.f("pk_metering_called")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_metering_called_until", "metering_called", ["until"], unique=False)
    op.create_table(
        "metering_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_metering_checkpoint")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_correction",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_metering_correction")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_metering_correction_resource", "metering_correction", ["resource"], unique=False)
    op.create_table(
        "metering_event",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.BigInteger(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
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
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.String(length=255), nullable=False),
        sa.Column("publisher_id", sa.String(length=255), nullable=False),
        sa.Column("fact", Json(), nullable=False),
        sa.Column("raw_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_metering_event")),
        sa.UniqueConstraint("message_id", "cloud", name=op.f("uq_metering_event_message_id_cloud")),
        sa.UniqueConstraint("resource", "nth", name=op.f("uq_metering_event_resource_nth")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_name",
        sa.Column(
            "resource_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "resource_type",
            sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resource_id", "resource_type", "cloud", "at", name=op.f("pk_metering_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_poll",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
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
            "meter",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_poll")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_position",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("segments", sa.BigInteger(), nullable=False),
        sa.Column("resources", sa.BigInteger(), nullable=False),
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
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
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
        sa.Column("tags", Json(), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.Column(
            "progress",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_resource")),
        sa.UniqueConstraint(
            "resource_id", "resource_type", "cloud", name=op.f("uq_metering_resource_resource_id_resource_type_cloud")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        "ix_metering_resource_order", "metering_resource", ["resource_type", "resource_id", "cloud"], unique=False
    )
    op.create_index("ix_metering_resource_parent", "metering_resource", ["parent"], unique=False)
    op.create_table(
        "metering_sample",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "meter",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("resource", sa.BigInteger(), nullable=False),
        sa.Column(
            "source",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("project_id", sa.String(length=64), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column(
            "message_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("hold", sa.BigInteger(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", "meter", name=op.f("pk_metering_sample")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_metering_sample_meter", "metering_sample", ["meter", "at"], unique=False)
    op.create_index("ix_metering_sample_project", "metering_sample", ["project_id", "meter", "at"], unique=False)
    op.create_index("ix_metering_sample_resource", "metering_sample", ["resource", "meter", "at"], unique=False)
    op.create_table(
        "metering_segment",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resource", sa.BigInteger(), nullable=False),
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
        sa.UniqueConstraint("resource", "is_open", name=op.f("uq_metering_segment_resource_is_open")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_metering_segment_end_at", "metering_segment", ["end_at", "id"], unique=False)
    op.create_index(
        "ix_metering_segment_project",
        "metering_segment",
        ["project_id", "resource_type", "resource_id", "cloud", "start_at"],
        unique=False,
    )
    op.create_index("ix_metering_segment_recorded", "metering_segment", ["recorded"], unique=False)
    op.create_index("ix_metering_segment_resource", "metering_segment", ["resource", "start_at"], unique=False)
    op.create_index(
        "ix_metering_segment_superseded",
        "metering_segment",
        ["superseded"],
        unique=False,
        postgresql_where=sa.text("superseded IS NOT NULL"),
        sqlite_where=sa.text("superseded IS NOT NULL"),
    )
    op.create_table(
        "metering_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "hashes",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mariadb").with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_metering_tile")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "metering_unknown",
        sa.Column(
            "message_id",
            sa.String(length=128).with_variant(sa.String(length=128, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "cloud",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "event_type",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("message_id", "cloud", name=op.f("pk_metering_unknown")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_metering_unknown_batch", "metering_unknown", ["batch"], unique=False)
    op.create_table(
        "network_address_group",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("addresses", Json(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_address_group")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_network_address_group_project_id"), "network_address_group", ["project_id"], unique=False)
    op.create_table(
        "network_address_scope",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ip_version", sa.BigInteger(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_address_scope")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_network_address_scope_project_id"), "network_address_scope", ["project_id"], unique=False)
    op.create_table(
        "network_default_security_group_rule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        sa.Column("ethertype", sa.String(length=255), nullable=False),
        sa.Column("protocol", sa.String(length=255), nullable=True),
        sa.Column("port_range_min", sa.BigInteger(), nullable=True),
        sa.Column("port_range_max", sa.BigInteger(), nullable=True),
        sa.Column("remote_ip_prefix", sa.String(length=255), nullable=True),
        sa.Column("remote_group_id", sa.String(length=255), nullable=True),
        sa.Column("remote_address_group_id", sa.String(length=255), nullable=True),
        sa.Column("used_in_default_sg", sa.Boolean(), nullable=False),
        sa.Column("used_in_non_default_sg", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_default_security_group_rule")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_network_default_security_group_rule_fingerprint")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_default_security_group_rule_project_id"),
        "network_default_security_group_rule",
        ["project_id"],
        unique=False,
    )
    op.create_table(
        "network_metering_label",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_metering_label")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_metering_label_project_id"), "network_metering_label", ["project_id"], unique=False
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
        sa.Column("dns_domain", sa.String(length=255), nullable=True),
        sa.Column("qos_policy_id", sa.String(length=64), nullable=True),
        sa.Column("provider_network_type", sa.String(length=32), nullable=True),
        sa.Column("provider_physical_network", sa.String(length=64), nullable=True),
        sa.Column("provider_segmentation_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_network")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_network_network_project_id"), "network_network", ["project_id"], unique=False)
    op.create_table(
        "network_object_in_cloud",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("kind", "resource_id", "cloud_id", name=op.f("pk_network_object_in_cloud")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "network_policy",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_policy")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_network_policy_project_id"), "network_policy", ["project_id"], unique=False)
    op.create_table(
        "network_quota",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "resource", name=op.f("pk_network_quota")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "network_quota_lock",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_network_quota_lock")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "network_rbac_policy",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("object_type", sa.String(length=255), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=False),
        sa.Column("target_tenant", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_rbac_policy")),
        sa.UniqueConstraint(
            "object_id", "target_tenant", "action", name=op.f("uq_network_rbac_policy_object_id_target_tenant_action")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_network_rbac_policy_project_id"), "network_rbac_policy", ["project_id"], unique=False)
    op.create_table(
        "network_security_group",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("stateful", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_security_group")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_security_group_project_id"), "network_security_group", ["project_id"], unique=False
    )
    op.create_table(
        "network_security_group_default_statefulness",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("stateful", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_security_group_default_statefulness")),
        sa.UniqueConstraint("project_id", name=op.f("uq_network_security_group_default_statefulness_project_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_security_group_default_statefulness_project_id"),
        "network_security_group_default_statefulness",
        ["project_id"],
        unique=False,
    )
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
        sa.Column("context", Json(), nullable=False),
        sa.Column("ingested", sa.Boolean(), nullable=False),
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
        sa.Column("boot_index", sa.Integer(), nullable=True),
        sa.Column("delete_on_termination", sa.Boolean(), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=True),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("connector", Json(), nullable=False),
        sa.Column("replaced_id", sa.String(length=64), nullable=False),
        sa.Column("is_recorded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_attachment")),
        sa.UniqueConstraint("volume_id", name=op.f("uq_volume_attachment_volume_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_volume_attachment_server_id"), "volume_attachment", ["server_id"], unique=False)
    op.create_table(
        "volume_backup",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("volume_id", sa.String(length=64), nullable=False),
        sa.Column("size_gib", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_name", sa.String(length=64), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("snapshot_id", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.String(length=64), nullable=False),
        sa.Column("container", sa.String(length=255), nullable=False),
        sa.Column("data_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_backup")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_volume_backup_cloud", "volume_backup", ["cloud_id", "deleted_at"], unique=False)
    op.create_index("ix_volume_backup_project", "volume_backup", ["project_id", "deleted_at"], unique=False)
    op.create_index("ix_volume_backup_volume", "volume_backup", ["volume_id", "deleted_at"], unique=False)
    op.create_table(
        "volume_default_type",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_volume_default_type")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "volume_group",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("group_type_id", sa.String(length=64), nullable=False),
        sa.Column("type_ids", Json(), nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_name", sa.String(length=64), nullable=False),
        sa.Column("group_snapshot_id", sa.String(length=64), nullable=False),
        sa.Column("source_group_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_group")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_volume_group_project_id"), "volume_group", ["project_id"], unique=False)
    op.create_table(
        "volume_group_snapshot",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("group_type_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_name", sa.String(length=64), nullable=False),
        sa.Column("is_consistent", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_group_snapshot")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_volume_group_snapshot_group_id"), "volume_group_snapshot", ["group_id"], unique=False)
    op.create_index(op.f("ix_volume_group_snapshot_project_id"), "volume_group_snapshot", ["project_id"], unique=False)
    op.create_table(
        "volume_group_type",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("group_specs", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_group_type")),
        sa.UniqueConstraint("name", name=op.f("uq_volume_group_type_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "volume_qos_spec",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("consumer", sa.String(length=16), nullable=False),
        sa.Column("specs", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_qos_spec")),
        sa.UniqueConstraint("name", name=op.f("uq_volume_qos_spec_name")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "volume_quota",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=255), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "resource", name=op.f("pk_volume_quota")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "volume_quota_lock",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_volume_quota_lock")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "volume_snapshot",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("volume_id", sa.String(length=64), nullable=False),
        sa.Column("size_gib", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("cloud_id", sa.String(length=64), nullable=False),
        sa.Column("cloud_name", sa.String(length=64), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.Column("group_snapshot_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_snapshot")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index("ix_volume_snapshot_cloud", "volume_snapshot", ["cloud_id", "deleted_at"], unique=False)
    op.create_index("ix_volume_snapshot_project", "volume_snapshot", ["project_id", "deleted_at"], unique=False)
    op.create_index("ix_volume_snapshot_volume", "volume_snapshot", ["volume_id", "deleted_at"], unique=False)
    op.create_table(
        "volume_transfer",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("volume_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("no_snapshots", sa.Boolean(), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume_transfer")),
        sa.UniqueConstraint("volume_id", name=op.f("uq_volume_transfer_volume_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_volume_transfer_project_id"), "volume_transfer", ["project_id"], unique=False)
    op.create_table(
        "volume_type",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("extra_specs", Json(), nullable=False),
        sa.Column("qos_spec_id", sa.String(length=64), nullable=False),
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
        "volume_type_encryption",
        sa.Column("type_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=255), nullable=False),
        sa.Column("control_location", sa.String(length=16), nullable=False),
        sa.Column("cipher", sa.String(length=255), nullable=True),
        sa.Column("key_size", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("type_id", name=op.f("pk_volume_type_encryption")),
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
        sa.Column("snapshot_id", sa.String(length=64), nullable=False),
        sa.Column("source_volume_id", sa.String(length=64), nullable=False),
        sa.Column("backup_id", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("target_id", sa.String(length=64), nullable=False),
        sa.Column("encrypted", sa.Boolean(), nullable=False),
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
    op.create_index("ix_volume_volume_cloud", "volume_volume", ["cloud_id", "deleted_at"], unique=False)
    op.create_index("ix_volume_volume_project", "volume_volume", ["project_id", "deleted_at"], unique=False)
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
    op.create_index("ix_work_due", "work", ["due_at"], unique=False)
    op.create_table(
        "audit_run_cloud",
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("cloud", sa.String(length=64), nullable=False),
        sa.Column("resources", sa.Integer(), nullable=False),
        sa.Column("without_source", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["audit_run.id"], name=op.f("fk_audit_run_cloud_run_id")),
        sa.PrimaryKeyConstraint("run_id", "cloud", name=op.f("pk_audit_run_cloud")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "billing_assignment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("previous_sequence", sa.Integer(), nullable=True),
        sa.Column("previous_until", sa.BigInteger(), nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "sequence = 1 AND previous_sequence IS NULL OR previous_sequence IS NOT NULL AND previous_sequence + 1 = sequence AND previous_sequence > 0",
            name=op.f("ck_billing_assignment_sequence"),
        ),
        sa.CheckConstraint(
            "sequence = 1 AND previous_until IS NULL OR sequence > 1 AND previous_until IS NOT NULL AND previous_until <= start",
            name=op.f("ck_billing_assignment_previous"),
        ),
        sa.CheckConstraint("until IS NULL OR start < until", name=op.f("ck_billing_assignment_period")),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_assignment_account_id")),
        sa.ForeignKeyConstraint(
            ["project_id", "previous_sequence", "previous_until"],
            ["billing_assignment.project_id", "billing_assignment.sequence", "billing_assignment.until"],
            name="fk_billing_assignment_previous",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_assignment")),
        sa.UniqueConstraint(
            "project_id", "sequence", "until", name=op.f("uq_billing_assignment_project_id_sequence_until")
        ),
        sa.UniqueConstraint("project_id", "sequence", name=op.f("uq_billing_assignment_project_id_sequence")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_billing_assignment_account_id"), "billing_assignment", ["account_id"], unique=False)
    op.create_table(
        "billing_document",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("series", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("previous_sequence", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("account_name", sa.String(length=255), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("minor_digits", sa.Integer(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "content",
            sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mariadb").with_variant(mysql.LONGBLOB(), "mysql"),
            nullable=False,
        ),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note', 'debit_note')", name=op.f("ck_billing_document_kind")),
        sa.CheckConstraint("net_minor + tax_minor = total_minor", name=op.f("ck_billing_document_total")),
        sa.CheckConstraint(
            "sequence = 1 AND previous_sequence IS NULL OR previous_sequence IS NOT NULL AND previous_sequence + 1 = sequence AND previous_sequence > 0",
            name=op.f("ck_billing_document_sequence"),
        ),
        sa.CheckConstraint(sa.column("start") < sa.column("end"), name=op.f("ck_billing_document_period")),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_document_account_id")),
        sa.ForeignKeyConstraint(
            ["series", "previous_sequence"],
            ["billing_document.series", "billing_document.sequence"],
            name="fk_billing_document_previous",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_billing_document")),
        sa.UniqueConstraint("series", "sequence", name=op.f("uq_billing_document_series_sequence")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_billing_document_account_id"), "billing_document", ["account_id"], unique=False)
    op.create_table(
        "billing_price_change",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "author",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column(
            "reason",
            sa.Text().with_variant(mysql.LONGTEXT(), "mariadb").with_variant(mysql.LONGTEXT(), "mysql"),
            nullable=False,
        ),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("previous_plan", sa.String(length=64), nullable=True),
        sa.Column("versions", Json(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_billing_price_change_reason")),
        sa.CheckConstraint("plan <> previous_plan", name=op.f("ck_billing_price_change_plan")),
        sa.ForeignKeyConstraint(["plan"], ["rating_plan.name"], name=op.f("fk_billing_price_change_plan")),
        sa.ForeignKeyConstraint(
            ["previous_plan"], ["rating_plan.name"], name=op.f("fk_billing_price_change_previous_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_price_change")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_billing_price_change_created_at"), "billing_price_change", ["created_at"], unique=False)
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
    op.create_index(op.f("ix_image_member_member_id"), "image_member", ["member_id"], unique=False)
    op.create_table(
        "image_metadef_item",
        sa.Column("namespace_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("definition", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace_id"],
            ["image_metadef_namespace.id"],
            name=op.f("fk_image_metadef_item_namespace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("namespace_id", "kind", "name", name=op.f("pk_image_metadef_item")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "network_bandwidth_limit_rule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("max_kbps", sa.BigInteger(), nullable=False),
        sa.Column("max_burst_kbps", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["network_policy.id"],
            name=op.f("fk_network_bandwidth_limit_rule_policy_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_bandwidth_limit_rule")),
        sa.UniqueConstraint("policy_id", "direction", name=op.f("uq_network_bandwidth_limit_rule_policy_id_direction")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_bandwidth_limit_rule_policy_id"), "network_bandwidth_limit_rule", ["policy_id"], unique=False
    )
    op.create_index(
        op.f("ix_network_bandwidth_limit_rule_project_id"), "network_bandwidth_limit_rule", ["project_id"], unique=False
    )
    op.create_table(
        "network_dscp_marking_rule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("dscp_mark", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["network_policy.id"],
            name=op.f("fk_network_dscp_marking_rule_policy_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_dscp_marking_rule")),
        sa.UniqueConstraint("policy_id", name=op.f("uq_network_dscp_marking_rule_policy_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_dscp_marking_rule_policy_id"), "network_dscp_marking_rule", ["policy_id"], unique=False
    )
    op.create_index(
        op.f("ix_network_dscp_marking_rule_project_id"), "network_dscp_marking_rule", ["project_id"], unique=False
    )
    op.create_table(
        "network_metering_label_rule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("metering_label_id", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("remote_ip_prefix", sa.String(length=255), nullable=True),
        sa.Column("source_ip_prefix", sa.String(length=255), nullable=True),
        sa.Column("destination_ip_prefix", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["metering_label_id"],
            ["network_metering_label.id"],
            name=op.f("fk_network_metering_label_rule_metering_label_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_metering_label_rule")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_metering_label_rule_metering_label_id"),
        "network_metering_label_rule",
        ["metering_label_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_network_metering_label_rule_project_id"), "network_metering_label_rule", ["project_id"], unique=False
    )
    op.create_table(
        "network_minimum_bandwidth_rule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("min_kbps", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["network_policy.id"],
            name=op.f("fk_network_minimum_bandwidth_rule_policy_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_minimum_bandwidth_rule")),
        sa.UniqueConstraint(
            "policy_id", "direction", name=op.f("uq_network_minimum_bandwidth_rule_policy_id_direction")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_minimum_bandwidth_rule_policy_id"),
        "network_minimum_bandwidth_rule",
        ["policy_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_network_minimum_bandwidth_rule_project_id"),
        "network_minimum_bandwidth_rule",
        ["project_id"],
        unique=False,
    )
    op.create_table(
        "network_minimum_packet_rate_rule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("min_kpps", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["network_policy.id"],
            name=op.f("fk_network_minimum_packet_rate_rule_policy_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_minimum_packet_rate_rule")),
        sa.UniqueConstraint(
            "policy_id", "direction", name=op.f("uq_network_minimum_packet_rate_rule_policy_id_direction")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_minimum_packet_rate_rule_policy_id"),
        "network_minimum_packet_rate_rule",
        ["policy_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_network_minimum_packet_rate_rule_project_id"),
        "network_minimum_packet_rate_rule",
        ["project_id"],
        unique=False,
    )
    op.create_table(
        "network_packet_rate_limit_rule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.String(length=64), nullable=False),
        sa.Column("max_kpps", sa.BigInteger(), nullable=False),
        sa.Column("max_burst_kpps", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["network_policy.id"],
            name=op.f("fk_network_packet_rate_limit_rule_policy_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_packet_rate_limit_rule")),
        sa.UniqueConstraint(
            "policy_id", "direction", name=op.f("uq_network_packet_rate_limit_rule_policy_id_direction")
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_packet_rate_limit_rule_policy_id"),
        "network_packet_rate_limit_rule",
        ["policy_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_network_packet_rate_limit_rule_project_id"),
        "network_packet_rate_limit_rule",
        ["project_id"],
        unique=False,
    )
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
        sa.Column("allowed_address_pairs", Json(), nullable=True),
        sa.Column("extra_dhcp_opts", Json(), nullable=True),
        sa.Column("dns_name", sa.String(length=255), nullable=True),
        sa.Column("qos_policy_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["network_id"], ["network_network.id"], name=op.f("fk_network_port_network_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_port")),
        sa.UniqueConstraint("network_id", "mac_address", name=op.f("uq_network_port_network_id_mac_address")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_network_port_device_id"), "network_port", ["device_id"], unique=False)
    op.create_index(op.f("ix_network_port_project_id"), "network_port", ["project_id"], unique=False)
    op.create_table(
        "network_router",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("routes", Json(), nullable=False),
        sa.Column("distributed", sa.Boolean(), nullable=False),
        sa.Column("ha", sa.Boolean(), nullable=False),
        sa.Column("flavor_id", sa.String(length=255), nullable=True),
        sa.Column("availability_zone_hints", Json(), nullable=False),
        sa.Column("external_network_id", sa.String(length=64), nullable=True),
        sa.Column("enable_snat", sa.Boolean(), nullable=False),
        sa.Column("cloud_name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["external_network_id"], ["network_network.id"], name=op.f("fk_network_router_external_network_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_router")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_router_external_network_id"), "network_router", ["external_network_id"], unique=False
    )
    op.create_index(op.f("ix_network_router_project_id"), "network_router", ["project_id"], unique=False)
    op.create_table(
        "network_security_group_rule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("security_group_id", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=255), nullable=False),
        sa.Column("ethertype", sa.String(length=255), nullable=False),
        sa.Column("protocol", sa.String(length=255), nullable=True),
        sa.Column("port_range_min", sa.BigInteger(), nullable=True),
        sa.Column("port_range_max", sa.BigInteger(), nullable=True),
        sa.Column("remote_ip_prefix", sa.String(length=255), nullable=True),
        sa.Column("remote_group_id", sa.String(length=64), nullable=True),
        sa.Column("remote_address_group_id", sa.String(length=255), nullable=True),
        sa.Column("fingerprint", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["remote_group_id"],
            ["network_security_group.id"],
            name=op.f("fk_network_security_group_rule_remote_group_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["security_group_id"],
            ["network_security_group.id"],
            name=op.f("fk_network_security_group_rule_security_group_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_security_group_rule")),
        sa.UniqueConstraint(
            "security_group_id",
            "fingerprint",
            name=op.f("uq_network_security_group_rule_security_group_id_fingerprint"),
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_security_group_rule_project_id"), "network_security_group_rule", ["project_id"], unique=False
    )
    op.create_index(
        op.f("ix_network_security_group_rule_remote_group_id"),
        "network_security_group_rule",
        ["remote_group_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_network_security_group_rule_security_group_id"),
        "network_security_group_rule",
        ["security_group_id"],
        unique=False,
    )
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
        sa.Column("subnetpool_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["network_id"], ["network_network.id"], name=op.f("fk_network_subnet_network_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_subnet")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_network_subnet_network_id"), "network_subnet", ["network_id"], unique=False)
    op.create_index(op.f("ix_network_subnet_project_id"), "network_subnet", ["project_id"], unique=False)
    op.create_index(op.f("ix_network_subnet_subnetpool_id"), "network_subnet", ["subnetpool_id"], unique=False)
    op.create_table(
        "network_subnetpool",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("prefixes", Json(), nullable=False),
        sa.Column("default_quota", sa.BigInteger(), nullable=True),
        sa.Column("ip_version", sa.BigInteger(), nullable=False),
        sa.Column("default_prefixlen", sa.BigInteger(), nullable=True),
        sa.Column("min_prefixlen", sa.BigInteger(), nullable=True),
        sa.Column("max_prefixlen", sa.BigInteger(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("address_scope_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["address_scope_id"], ["network_address_scope.id"], name=op.f("fk_network_subnetpool_address_scope_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_subnetpool")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_subnetpool_address_scope_id"), "network_subnetpool", ["address_scope_id"], unique=False
    )
    op.create_index(op.f("ix_network_subnetpool_project_id"), "network_subnetpool", ["project_id"], unique=False)
    op.create_table(
        "rating_free_type",
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("resource_type", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["rating_plan.name"], name=op.f("fk_rating_free_type_plan")),
        sa.PrimaryKeyConstraint("plan", "resource_type", name=op.f("pk_rating_free_type")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
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
        "billing_document_reference",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("referenced_number", sa.String(length=64), nullable=False),
        sa.CheckConstraint("number <> referenced_number", name=op.f("ck_billing_document_reference_other")),
        sa.ForeignKeyConstraint(
            ["number"], ["billing_document.number"], name=op.f("fk_billing_document_reference_number")
        ),
        sa.ForeignKeyConstraint(
            ["referenced_number"],
            ["billing_document.number"],
            name=op.f("fk_billing_document_reference_referenced_number"),
        ),
        sa.PrimaryKeyConstraint("number", "referenced_number", name=op.f("pk_billing_document_reference")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_billing_document_reference_referenced_number"),
        "billing_document_reference",
        ["referenced_number"],
        unique=False,
    )
    op.create_table(
        "billing_document_tax",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=4), nullable=False),
        sa.Column("rate", sa.String(length=16), nullable=False),
        sa.Column("taxable_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["billing_document.number"], name=op.f("fk_billing_document_tax_number")),
        sa.PrimaryKeyConstraint("number", "code", "rate", name=op.f("pk_billing_document_tax")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "billing_period",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("previous_sequence", sa.Integer(), nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("document_number", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "sequence = 1 AND previous_sequence IS NULL OR previous_sequence IS NOT NULL AND previous_sequence + 1 = sequence AND previous_sequence > 0",
            name=op.f("ck_billing_period_sequence"),
        ),
        sa.CheckConstraint(sa.column("start") < sa.column("end"), name=op.f("ck_billing_period_period")),
        sa.ForeignKeyConstraint(
            ["account_id", "previous_sequence", "start"],
            ["billing_period.account_id", "billing_period.sequence", "billing_period.end"],
            name="fk_billing_period_previous",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["billing_account.id"], name=op.f("fk_billing_period_account_id")),
        sa.ForeignKeyConstraint(
            ["document_number"], ["billing_document.number"], name=op.f("fk_billing_period_document_number")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_period")),
        sa.UniqueConstraint("account_id", "sequence", "end", name=op.f("uq_billing_period_account_id_sequence_end")),
        sa.UniqueConstraint("account_id", "sequence", name=op.f("uq_billing_period_account_id_sequence")),
        sa.UniqueConstraint("document_number", name=op.f("uq_billing_period_document_number")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_table(
        "billing_price_difference",
        sa.Column("change_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("account_name", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("net_before", sa.String(length=64), nullable=False),
        sa.Column("net_after", sa.String(length=64), nullable=False),
        sa.Column("difference", sa.String(length=64), nullable=False),
        sa.Column("exact_difference", sa.String(length=64), nullable=False),
        sa.CheckConstraint(sa.column("start") < sa.column("end"), name=op.f("ck_billing_price_difference_period")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["billing_account.id"], name=op.f("fk_billing_price_difference_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["billing_price_change.id"], name=op.f("fk_billing_price_difference_change_id")
        ),
        sa.PrimaryKeyConstraint("change_id", "account_id", name=op.f("pk_billing_price_difference")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_billing_price_difference_account_id"), "billing_price_difference", ["account_id"], unique=False
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
    op.create_index(op.f("ix_network_address_port_id"), "network_address", ["port_id"], unique=False)
    op.create_index(
        "ix_network_address_rested", "network_address", ["subnet_id", "port_id", "released_at"], unique=False
    )
    op.create_table(
        "network_auto_allocated_topology",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("network_id", sa.String(length=64), nullable=False),
        sa.Column("router_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_id"],
            ["network_network.id"],
            name=op.f("fk_network_auto_allocated_topology_network_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["router_id"],
            ["network_router.id"],
            name=op.f("fk_network_auto_allocated_topology_router_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_network_auto_allocated_topology")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_auto_allocated_topology_network_id"),
        "network_auto_allocated_topology",
        ["network_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_network_auto_allocated_topology_router_id"),
        "network_auto_allocated_topology",
        ["router_id"],
        unique=False,
    )
    op.create_table(
        "network_floatingip",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("floating_network_id", sa.String(length=64), nullable=False),
        sa.Column("floating_ip_address", sa.String(length=255), nullable=True),
        sa.Column("port_id", sa.String(length=64), nullable=True),
        sa.Column("fixed_ip_address", sa.String(length=255), nullable=True),
        sa.Column("router_id", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("dns_name", sa.String(length=255), nullable=False),
        sa.Column("dns_domain", sa.String(length=255), nullable=False),
        sa.Column("qos_policy_id", sa.String(length=64), nullable=True),
        sa.Column("cloud_name", sa.String(length=255), nullable=False),
        sa.Column("external_port_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["floating_network_id"], ["network_network.id"], name=op.f("fk_network_floatingip_floating_network_id")
        ),
        sa.ForeignKeyConstraint(["port_id"], ["network_port.id"], name=op.f("fk_network_floatingip_port_id")),
        sa.ForeignKeyConstraint(
            ["qos_policy_id"], ["network_policy.id"], name=op.f("fk_network_floatingip_qos_policy_id")
        ),
        sa.ForeignKeyConstraint(["router_id"], ["network_router.id"], name=op.f("fk_network_floatingip_router_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_floatingip")),
        sa.UniqueConstraint(
            "floating_network_id",
            "port_id",
            "fixed_ip_address",
            name=op.f("uq_network_floatingip_floating_network_id_port_id_fixed_ip_address"),
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_floatingip_floating_network_id"), "network_floatingip", ["floating_network_id"], unique=False
    )
    op.create_index(op.f("ix_network_floatingip_port_id"), "network_floatingip", ["port_id"], unique=False)
    op.create_index(op.f("ix_network_floatingip_project_id"), "network_floatingip", ["project_id"], unique=False)
    op.create_index(op.f("ix_network_floatingip_qos_policy_id"), "network_floatingip", ["qos_policy_id"], unique=False)
    op.create_index(op.f("ix_network_floatingip_router_id"), "network_floatingip", ["router_id"], unique=False)
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
    op.create_table(
        "network_port_security_group",
        sa.Column("port_id", sa.String(length=64), nullable=False),
        sa.Column("security_group_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["port_id"], ["network_port.id"], name=op.f("fk_network_port_security_group_port_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["security_group_id"],
            ["network_security_group.id"],
            name=op.f("fk_network_port_security_group_security_group_id"),
        ),
        sa.PrimaryKeyConstraint("port_id", "security_group_id", name=op.f("pk_network_port_security_group")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_port_security_group_security_group_id"),
        "network_port_security_group",
        ["security_group_id"],
        unique=False,
    )
    op.create_table(
        "network_trunk",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("admin_state_up", sa.Boolean(), nullable=False),
        sa.Column("port_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("sub_ports", Json(), nullable=False),
        sa.ForeignKeyConstraint(["port_id"], ["network_port.id"], name=op.f("fk_network_trunk_port_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_trunk")),
        sa.UniqueConstraint("port_id", name=op.f("uq_network_trunk_port_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_network_trunk_port_id"), "network_trunk", ["port_id"], unique=False)
    op.create_index(op.f("ix_network_trunk_project_id"), "network_trunk", ["project_id"], unique=False)
    op.create_table(
        "network_port_forwarding",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("floatingip_id", sa.String(length=64), nullable=False),
        sa.Column("internal_port_id", sa.String(length=64), nullable=False),
        sa.Column("internal_ip_address", sa.String(length=255), nullable=False),
        sa.Column("internal_port", sa.BigInteger(), nullable=False),
        sa.Column("external_port", sa.BigInteger(), nullable=False),
        sa.Column("protocol", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["floatingip_id"], ["network_floatingip.id"], name=op.f("fk_network_port_forwarding_floatingip_id")
        ),
        sa.ForeignKeyConstraint(
            ["internal_port_id"],
            ["network_port.id"],
            name=op.f("fk_network_port_forwarding_internal_port_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_port_forwarding")),
        sa.UniqueConstraint(
            "floatingip_id",
            "external_port",
            "protocol",
            name=op.f("uq_network_port_forwarding_floatingip_id_external_port_protocol"),
        ),
        sa.UniqueConstraint(
            "internal_port_id",
            "internal_ip_address",
            "internal_port",
            "protocol",
            name=op.f("uq_network_port_forwarding_internal_port_id_internal_ip_address_internal_port_protocol"),
        ),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(
        op.f("ix_network_port_forwarding_floatingip_id"), "network_port_forwarding", ["floatingip_id"], unique=False
    )
    op.create_index(
        op.f("ix_network_port_forwarding_internal_port_id"),
        "network_port_forwarding",
        ["internal_port_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_network_port_forwarding_project_id"), "network_port_forwarding", ["project_id"], unique=False
    )
    _forbid_overlapping_segments()


def _forbid_overlapping_segments() -> None:
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute(_EXTENSION)
        op.execute(_APART_ON_POSTGRESQL)
    elif dialect == "sqlite":
        op.execute(_APART_ON_SQLITE)


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
