"""Tables of compute."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.dialects import mysql

from stratiform.kit.database import Json, define_table

flavor_table = define_table(
    "compute_flavor",
    Column("id", String(255), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("vcpus", Integer, nullable=False),
    Column("ram", Integer, nullable=False),
    Column("disk", Integer, nullable=False),
    Column("ephemeral", Integer, nullable=False),
    Column("swap", Integer, nullable=False),
    Column("rxtx_factor", String(32), nullable=False),
    Column("is_public", Boolean, nullable=False),
    Column("description", Text),
    Column("extra_specs", Json, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

flavor_access_table = define_table(
    "compute_flavor_access",
    Column("flavor_id", String(255), primary_key=True),
    Column("project_id", String(64), primary_key=True),
)

keypair_table = define_table(
    "compute_keypair",
    Column("id", String(64), primary_key=True),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("type", String(16), nullable=False),
    Column("public_key", Text, nullable=False),
    Column("fingerprint", String(255), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("user_id", "name"),
)

server_table = define_table(
    "compute_server",
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("hostname", String(255), nullable=False),
    Column("description", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("vm_state", String(32), nullable=False),
    Column("task_state", String(32), nullable=False),
    Column("power_state", Integer, nullable=False),
    Column("power_on", Boolean, nullable=False),
    Column("flavor", Json, nullable=False),
    Column("flavor_id", String(255), nullable=False),
    Column("image_id", String(64), nullable=False),
    Column("image", Json, nullable=False),
    Column("cloud_id", String(64), nullable=False),
    Column("cloud_name", String(64), nullable=False),
    Column("zone", String(255), nullable=False),
    Column("native_zone", String(255), nullable=False),
    Column("reservation_id", String(64), nullable=False),
    Column("launch_index", Integer, nullable=False),
    Column("native_id", String(255), nullable=False),
    Column("new_flavor", Json),
    Column("old_flavor", Json),
    Column("key_name", String(255)),
    Column("public_key", Text, nullable=False),
    Column("user_data", Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"), nullable=False),
    Column("metadata", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("security_groups", Json, nullable=False),
    Column("config_drive", Boolean, nullable=False),
    Column("disk_config", String(16), nullable=False),
    Column("access_ip_v4", String(64), nullable=False),
    Column("access_ip_v6", String(64), nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("locked_by", String(16), nullable=False),
    Column("locked_reason", String(255)),
    Column("task_arguments", Json, nullable=False),
    Column("shelved_image_id", String(64), nullable=False),
    Column("pinned_zone", String(255)),
    Column("group_id", String(64), nullable=False),
    Column("fault", Json),
    Column("launched_at", BigInteger),
    Column("terminated_at", BigInteger),
    Column("deleted_at", BigInteger),
    Index("ix_compute_server_project", "project_id", "deleted_at", "created_at"),
    Index("ix_compute_server_cloud", "cloud_id", "deleted_at"),
)

action_table = define_table(
    "compute_server_action",
    Column("id", String(64), primary_key=True),
    Column("server_id", String(64), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("message", String(255)),
    Index("ix_compute_server_action_server", "server_id", "started_at"),
)

#: Limits that operators have set.
quota_table = define_table(
    "compute_quota",
    Column("project_id", String(64), primary_key=True),
    Column("resource", String(64), primary_key=True),
    Column("limit", BigInteger, nullable=False),
)

quota_class_table = define_table(
    "compute_quota_class",
    Column("class_name", String(64), primary_key=True),
    Column("resource", String(64), primary_key=True),
    Column("limit", BigInteger, nullable=False),
)

#: A row for each project or user, which is locked while usage is compared with limits.
quota_lock_table = define_table("compute_quota_lock", Column("owner_id", String(64), primary_key=True))

server_group_table = define_table(
    "compute_server_group",
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False, index=True),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("policy", String(32), nullable=False),
    Column("rules", Json, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

aggregate_table = define_table(
    "compute_aggregate",
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("uuid", String(64), nullable=False),
    Column("name", String(255), nullable=False, unique=True),
    Column("availability_zone", String(255)),
    Column("metadata", Json, nullable=False),
    Column("hosts", Json, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger),
)

#: Passwords that guests have reported, encrypted with the key pairs of their servers.
server_password_table = define_table(
    "compute_server_password",
    Column("server_id", String(64), primary_key=True),
    Column("password", Text, nullable=False),
)

#: Tokens of consoles; only their digests are stored.
console_token_table = define_table(
    "compute_console_token",
    Column("digest", String(64), primary_key=True),
    Column("server_id", String(64), nullable=False, index=True),
    Column("console_type", String(16), nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

#: Requests with a client token of the EC2 API, which take effect once.
client_request_table = define_table(
    "compute_client_request",
    Column("project_id", String(64), primary_key=True),
    Column("token", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("result_id", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

service_state_table = define_table(
    "compute_service_state",
    Column("cloud_id", String(64), primary_key=True),
    Column("disabled", Boolean, nullable=False),
    Column("disabled_reason", String(255)),
    Column("forced_down", Boolean, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
