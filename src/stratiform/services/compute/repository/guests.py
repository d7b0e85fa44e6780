"""Queries on what guests have reported."""

from sqlalchemy import delete, insert, select

from stratiform.kit.database import Connection, IntegrityError
from stratiform.services.compute.tables import server_password_table


def find_password(db: Connection, server_id: str) -> str:
    """Return the encrypted password of a server, or ""."""
    c = server_password_table.c
    return str(db.execute(select(c.password).where(c.server_id == server_id)).scalar() or "")


def insert_password(db: Connection, server_id: str, password: str) -> bool:
    """Return False if the server has a password already."""
    try:
        with db.begin_nested():
            db.execute(insert(server_password_table).values(server_id=server_id, password=password))
    except IntegrityError:
        return False
    return True


def delete_password(db: Connection, server_id: str) -> None:
    db.execute(delete(server_password_table).where(server_password_table.c.server_id == server_id))
