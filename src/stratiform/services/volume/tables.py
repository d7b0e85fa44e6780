"""The tables of the volume service."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Text

from stratiform.kit.database import Json, define_table

#: Rows of deleted volumes are kept, so that a native volume whose create response was lost is recognized as an orphan.
volume_table = define_table(
    "volume_volume",
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    Column("size_gib", Integer, nullable=False),
    Column("wanted_gib", Integer, nullable=False),
    Column("status", String(32), nullable=False),
    Column("previous_status", String(32), nullable=False),
    Column("type_id", String(64), nullable=False),
    Column("zone", String(255), nullable=False),
    Column("native_zone", String(255), nullable=False),
    Column("cloud_id", String(64), nullable=False),
    Column("cloud_name", String(64), nullable=False),
    Column("native_id", String(255), nullable=False),
    Column("image_id", String(64), nullable=False),
    Column("image_metadata", Json, nullable=False),
    Column("bootable", Boolean, nullable=False),
    Column("read_only", Boolean),
    Column("metadata", Json, nullable=False),
    Column("fault", Text, nullable=False),
    Column("snapshot_id", String(64), nullable=False),
    Column("source_volume_id", String(64), nullable=False),
    Column("backup_id", String(64), nullable=False),
    Column("group_id", String(64), nullable=False),
    Column("target_id", String(64), nullable=False),
    Column("encrypted", Boolean, nullable=False),
    Column("multiattach", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("launched_at", BigInteger),
    Column("terminated_at", BigInteger),
    Column("deleted_at", BigInteger),
    Index("ix_volume_volume_project", "project_id", "deleted_at"),
    Index("ix_volume_volume_cloud", "cloud_id", "deleted_at"),
)

#: Rows are deleted when the volume is detached, so that the device can be used again. `server_id` is "" for a host.
#: `exclusive_volume_id` is NULL for a volume that may have several attachments.
attachment_table = define_table(
    "volume_attachment",
    Column("id", String(64), primary_key=True),
    Column("volume_id", String(64), nullable=False, index=True),
    Column("exclusive_volume_id", String(64), unique=True),
    Column("server_id", String(64), nullable=False, index=True),
    Column("device", String(64), nullable=False),
    Column("state", String(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("attached_at", BigInteger),
    Column("boot_index", Integer),
    Column("delete_on_termination", Boolean, nullable=False),
    Column("tag", String(64)),
    Column("mode", String(8), nullable=False),
    Column("host", String(255), nullable=False),
    Column("connector", Json, nullable=False),
    Column("replaced_id", String(64), nullable=False),
    Column("is_recorded", Boolean, nullable=False),
)

type_table = define_table(
    "volume_type",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", Text),
    Column("is_public", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("extra_specs", Json, nullable=False),
    Column("qos_spec_id", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger),
)

access_table = define_table(
    "volume_type_access",
    Column("type_id", String(64), primary_key=True),
    Column("project_id", String(64), primary_key=True),
)


qos_spec_table = define_table(
    "volume_qos_spec",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("consumer", String(16), nullable=False),
    Column("specs", Json, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

encryption_table = define_table(
    "volume_type_encryption",
    Column("type_id", String(64), primary_key=True),
    Column("id", String(64), nullable=False),
    Column("provider", String(255), nullable=False),
    Column("control_location", String(16), nullable=False),
    Column("cipher", String(255)),
    Column("key_size", Integer),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger),
)

default_type_table = define_table(
    "volume_default_type",
    Column("project_id", String(64), primary_key=True),
    Column("type_id", String(64), nullable=False),
)

group_type_table = define_table(
    "volume_group_type",
    Column("id", String(64), primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("description", Text),
    Column("is_public", Boolean, nullable=False),
    Column("group_specs", Json, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)


#: Rows of deleted groups and group snapshots are kept, as those of volumes.
group_table = define_table(
    "volume_group",
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False, index=True),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    Column("status", String(32), nullable=False),
    Column("group_type_id", String(64), nullable=False),
    Column("type_ids", Json, nullable=False),
    Column("zone", String(255), nullable=False),
    Column("cloud_id", String(64), nullable=False),
    Column("cloud_name", String(64), nullable=False),
    Column("group_snapshot_id", String(64), nullable=False),
    Column("source_group_id", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
)

group_snapshot_table = define_table(
    "volume_group_snapshot",
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False, index=True),
    Column("user_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    Column("status", String(32), nullable=False),
    Column("group_id", String(64), nullable=False, index=True),
    Column("group_type_id", String(64), nullable=False),
    Column("cloud_id", String(64), nullable=False),
    Column("cloud_name", String(64), nullable=False),
    Column("is_consistent", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
)


def _copy_columns() -> list[Column[Any]]:
    """Return the columns that snapshots and backups have in common."""
    return [
        Column("id", String(64), primary_key=True),
        Column("project_id", String(64), nullable=False),
        Column("user_id", String(64), nullable=False),
        Column("name", String(255), nullable=False),
        Column("description", Text),
        Column("volume_id", String(64), nullable=False),
        Column("size_gib", Integer, nullable=False),
        Column("status", String(32), nullable=False),
        Column("zone", String(255), nullable=False),
        Column("cloud_id", String(64), nullable=False),
        Column("cloud_name", String(64), nullable=False),
        Column("native_id", String(255), nullable=False),
        Column("metadata", Json, nullable=False),
        Column("fault", Text, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
        Column("deleted_at", BigInteger),
    ]


#: Rows of deleted snapshots and backups are kept, as those of volumes.
snapshot_table = define_table(
    "volume_snapshot",
    *_copy_columns(),
    Column("type_id", String(64), nullable=False),
    Column("group_snapshot_id", String(64), nullable=False),
    Column("progress", String(8), nullable=False),
    Index("ix_volume_snapshot_project", "project_id", "deleted_at"),
    Index("ix_volume_snapshot_volume", "volume_id", "deleted_at"),
    Index("ix_volume_snapshot_cloud", "cloud_id", "deleted_at"),
)

backup_table = define_table(
    "volume_backup",
    *_copy_columns(),
    Column("snapshot_id", String(64), nullable=False),
    Column("parent_id", String(64), nullable=False),
    Column("container", String(255), nullable=False),
    Column("data_at", BigInteger, nullable=False),
    Column("volume_attributes", Json, nullable=False),
    Index("ix_volume_backup_project", "project_id", "deleted_at"),
    Index("ix_volume_backup_volume", "volume_id", "deleted_at"),
    Index("ix_volume_backup_cloud", "cloud_id", "deleted_at"),
)

#: `scope` is a project, or the name of a quota class; the class `default` applies to all projects.
quota_table = define_table(
    "volume_quota",
    Column("scope", String(64), primary_key=True),
    Column("resource", String(255), primary_key=True),
    Column("limit", BigInteger, nullable=False),
)

#: One row per project, which a request locks while it compares usage and limits.
quota_lock_table = define_table("volume_quota_lock", Column("project_id", String(64), primary_key=True))

#: Rows are deleted when the transfer is accepted or cancelled; a volume has one at most.
transfer_table = define_table(
    "volume_transfer",
    Column("id", String(64), primary_key=True),
    Column("volume_id", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("salt", String(64), nullable=False),
    Column("key_hash", String(64), nullable=False),
    Column("no_snapshots", Boolean, nullable=False),
    Column("project_id", String(64), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
)

#: Messages about failed operations; deleted by users, or when they have expired.
message_table = define_table(
    "volume_message",
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False, index=True),
    Column("request_id", String(64), nullable=False),
    Column("resource_type", String(32), nullable=False),
    Column("resource_id", String(64), nullable=False),
    Column("event_id", String(64), nullable=False),
    Column("text", String(255), nullable=False),
    Column("level", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

#: The native volumes and snapshots that resources were before they became managed.
reference_table = define_table(
    "volume_reference",
    Column("resource_id", String(64), primary_key=True),
    Column("reference", Json, nullable=False),
)
