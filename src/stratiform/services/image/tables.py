"""Tables of the image service."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Integer, String

from stratiform.kit.database import Json, LongText, define_table

#: `locations` are the data in stores, `upload` the id of the upload in progress.
images = define_table(
    "image_image",
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("name", String(255)),
    Column("status", String(32), nullable=False),
    Column("visibility", String(16), nullable=False, index=True),
    Column("protected", Boolean, nullable=False),
    Column("os_hidden", Boolean, nullable=False),
    Column("disk_format", String(32)),
    Column("container_format", String(32)),
    Column("size", BigInteger),
    Column("virtual_size", BigInteger),
    Column("checksum", String(32)),
    Column("os_hash_algo", String(64)),
    Column("os_hash_value", String(128)),
    Column("min_disk", Integer, nullable=False),
    Column("min_ram", Integer, nullable=False),
    Column("tags", Json, nullable=False),
    Column("properties", Json, nullable=False),
    Column("locations", Json, nullable=False),
    Column("stored_copies", Integer, nullable=False),
    Column("upload", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("updated_at", BigInteger, nullable=False),
)

image_members = define_table(
    "image_member",
    Column("image_id", String(64), ForeignKey("image_image.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", String(64), primary_key=True, index=True),
    Column("status", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

#: The key allows one copy of an image per cloud. The row is written with `native_id` "" before the upload starts.
image_copies = define_table(
    "image_in_cloud",
    Column("image_id", String(64), primary_key=True),
    Column("cloud_id", String(64), primary_key=True),
    Column("native_id", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("disk_format", String(32), nullable=False),
    Column("locations", Json, nullable=False),
    Column("claimed_by", String(64), nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
)

#: Requests that reserve quota of a project lock its row.
image_quota_locks = define_table("image_quota_lock", Column("project_id", String(64), primary_key=True))

image_tasks = define_table(
    "image_task",
    Column("id", String(64), primary_key=True),
    Column("type", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("owner", String(64), nullable=False, index=True),
    Column("user_id", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("image_id", String(64), nullable=False, index=True),
    Column("input", Json, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("updated_at", BigInteger, nullable=False),
    Column("result", Json),
    Column("message", LongText, nullable=False),
    Column("expires_at", BigInteger, index=True),
    CheckConstraint("status IN ('pending', 'processing', 'success', 'failure')", name="status"),
)

metadef_namespaces = define_table(
    "image_metadef_namespace",
    Column("id", String(64), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("owner", String(255), nullable=False),
    Column("display_name", String(80)),
    Column("description", String(500)),
    Column("visibility", String(16), nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    CheckConstraint("visibility IN ('public', 'private')", name="visibility"),
)

#: Objects, properties, tags and associations of resource types, by `kind`.
metadef_items = define_table(
    "image_metadef_item",
    Column("namespace_id", String(64), ForeignKey("image_metadef_namespace.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("definition", Json, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
