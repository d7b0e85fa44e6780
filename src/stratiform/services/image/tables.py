"""Tables of images."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String

from stratiform.kit.db import Json, table

#: `file` names the bytes in the store ("": none). `upload` is the one upload that may finish.
images = table(
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
    Column("file", String(255), nullable=False),
    Column("upload", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
    Column("updated_at", BigInteger, nullable=False),
)

image_members = table(
    "image_member",
    Column("image_id", String(64), ForeignKey("image_image.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", String(64), primary_key=True, index=True),
    Column("status", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

#: The copy of an image in a cloud; its key lets one copy be. Written with `native_id` "" before the cloud is asked.
image_in_cloud = table(
    "image_in_cloud",
    Column("image_id", String(64), primary_key=True),
    Column("cloud_id", String(64), primary_key=True),
    Column("native_id", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("disk_format", String(32), nullable=False),
    Column("file", String(255), nullable=False),
    Column("claimed_by", String(64), nullable=False),
    Column("claimed_until", BigInteger, nullable=False),
)
