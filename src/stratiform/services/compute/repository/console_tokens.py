"""Queries on tokens of consoles."""

from sqlalchemy import delete

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway
from stratiform.services.compute.model.remote_consoles import ConsoleToken
from stratiform.services.compute.tables import console_token_table

_tokens = TableGateway(console_token_table, ConsoleToken, key="digest")


def find_token(db: Connection, digest: str, now: Micros) -> ConsoleToken | None:
    """Return a token that has not expired."""
    c = console_token_table.c
    return _tokens.find_first(db, c.digest == digest, c.expires_at > now)


def insert_token(db: Connection, token: ConsoleToken) -> None:
    _tokens.insert(db, token)


def delete_expired_tokens(db: Connection, now: Micros) -> None:
    db.execute(delete(console_token_table).where(console_token_table.c.expires_at <= now))


def delete_tokens_of_server(db: Connection, server_id: str) -> None:
    db.execute(delete(console_token_table).where(console_token_table.c.server_id == server_id))
