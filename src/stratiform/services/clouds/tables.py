"""Tables of the clouds service."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Text, UniqueConstraint

from stratiform.kit.database import Json, Serial, define_table

clouds_table = define_table(
    "clouds_cloud",
    Column("id", String(64), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("kind", String(64), nullable=False),
    Column("settings", Json, nullable=False),
    Column("secrets", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("labels", Json, nullable=False),
)

credential_checks_table = define_table(
    "clouds_credential_check",
    Column("cloud_id", String(64), ForeignKey("clouds_cloud.id", ondelete="CASCADE"), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("checked_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Column("valid_at", BigInteger, nullable=True),
    Column("identity", Text, nullable=False),
    Column("zones", Json, nullable=False),
)

pools_table = define_table(
    "clouds_pool",
    Column("id", String(64), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
)

pool_members_table = define_table(
    "clouds_pool_member",
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("pool_id", String(64), ForeignKey("clouds_pool.id", ondelete="CASCADE"), nullable=False),
    Column("cloud_id", String(64), ForeignKey("clouds_cloud.id"), nullable=False),
    Column("native_zone", String(255), nullable=False),
    UniqueConstraint("pool_id", "cloud_id"),
)

bindings_table = define_table(
    "clouds_binding",
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("project_id", String(64), nullable=False),
    Column("cloud_id", String(64), ForeignKey("clouds_cloud.id"), nullable=True),
    Column("zone", String(255), nullable=False),
    Column("native_zone", String(255), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("pool_id", String(64), ForeignKey("clouds_pool.id"), nullable=True),
    UniqueConstraint("project_id", "zone", "cloud_id"),
    UniqueConstraint("project_id", "zone", "pool_id"),
)

placement_policies_table = define_table(
    "clouds_placement_policy",
    Column("owner_id", String(64), primary_key=True),
    Column("weighers", Json, nullable=False),
    Column("price_plan", String(255), nullable=False),
)

placement_turns_table = define_table(
    "clouds_placement_turn",
    Column("owner_id", String(64), primary_key=True),
    Column("cloud_id", String(64), ForeignKey("clouds_cloud.id", ondelete="CASCADE"), primary_key=True),
    Column("turn", BigInteger, nullable=False),
)

#: `owner_id`: a project or user, `*` for each of them, "" for the account.
account_limits_table = define_table(
    "clouds_account_limit",
    Column("cloud_id", String(64), ForeignKey("clouds_cloud.id", ondelete="CASCADE"), primary_key=True),
    Column("scope", String(16), primary_key=True),
    Column("owner_id", String(64), primary_key=True),
    Column("resource", String(16), primary_key=True),
    Column("limit", BigInteger, nullable=False),
)

native_resources_table = define_table(
    "clouds_native",
    Column("cloud_id", String(64), ForeignKey("clouds_cloud.id"), primary_key=True),
    Column("kind", String(16), key="resource_type", primary_key=True),
    Column("ours_id", String(64), key="resource_id", primary_key=True),
    Column("native_id", String(255), nullable=False),
    Column("is_synchronized", Boolean, nullable=False),
    Column("default_flavor_id", String(255), nullable=False),
)
