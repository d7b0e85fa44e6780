"""Image data in several stores."""

import json
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

#: What a downgrade deletes, and the rows. Only data in the local store remains known.
LOSSES = {
    "locations of image data in other stores": "image_image WHERE stored_copies > 1 "
    "OR (locations <> '[]' AND locations NOT LIKE '%\"local\"%')",
}

_JSON = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

#: The tables whose column `file`, the name of data in the local store, becomes `locations`.
_TABLES = {"image_image": ("id",), "image_in_cloud": ("image_id", "cloud_id")}


def upgrade() -> None:
    for table, key in _TABLES.items():
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("locations", _JSON, nullable=True))
            if table == "image_image":
                batch.add_column(sa.Column("stored_copies", sa.Integer(), nullable=True))
        _convert(table, key, "file", "locations", _build_locations)
        with op.batch_alter_table(table) as batch:
            batch.alter_column("locations", existing_type=_JSON, nullable=False)
            batch.drop_column("file")
    images = sa.table("image_image", sa.column("locations", _JSON), sa.column("stored_copies", sa.Integer()))
    has_data = sa.case((images.c.locations == "[]", 0), else_=1)
    op.execute(images.update().values(stored_copies=has_data))
    with op.batch_alter_table("image_image") as batch:
        batch.alter_column("stored_copies", existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    for table, key in _TABLES.items():
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("file", sa.String(length=255), nullable=True))
        _convert(table, key, "locations", "file", _find_file)
        with op.batch_alter_table(table) as batch:
            batch.alter_column("file", existing_type=sa.String(length=255), nullable=False)
            batch.drop_column("locations")
            if table == "image_image":
                batch.drop_column("stored_copies")


def _build_locations(file: str) -> str:
    return json.dumps([{"store": "local", "name": file, "metadata": {}}]) if file else "[]"


def _find_file(locations: str) -> str:
    return next((item["name"] for item in json.loads(locations) if item["store"] == "local"), "")


def _convert(table_name: str, key: tuple[str, ...], source: str, target: str, convert: Callable[[str], str]) -> None:
    """Set a column of every row from another one."""
    db = op.get_bind()
    table = sa.table(table_name, *(sa.column(name) for name in (*key, source, target)))
    for row in db.execute(sa.select(table)).mappings().all():
        is_row = sa.and_(*(table.c[name] == row[name] for name in key))
        db.execute(table.update().where(is_row).values({target: convert(row[source])}))
