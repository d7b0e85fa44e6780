"""Queries on key pairs."""

from stratiform.kit.database import Connection, TableGateway
from stratiform.kit.pagination import Page, Slice, paginate_list
from stratiform.services.compute.model.keypairs import KeyPair
from stratiform.services.compute.tables import keypair_table

_keypairs = TableGateway(keypair_table, KeyPair)


def find_keypair(db: Connection, user_id: str, name: str) -> KeyPair | None:
    return _keypairs.find_first(db, keypair_table.c.user_id == user_id, keypair_table.c.name == name)


def list_keypairs(db: Connection, user_id: str, page: Page) -> Slice[KeyPair]:
    """Return a page of a user's key pairs, sorted by name; the marker is a name."""
    keypairs = _keypairs.list_all(db, keypair_table.c.user_id == user_id, order=[keypair_table.c.name])
    return paginate_list(keypairs, page, lambda keypair: keypair.name)


def insert_keypair(db: Connection, keypair: KeyPair) -> KeyPair:
    return _keypairs.insert(db, keypair)


def delete_keypair(db: Connection, user_id: str, name: str) -> bool:
    """Return False if the user has no key pair with this name."""
    return _keypairs.delete(db, keypair_table.c.user_id == user_id, keypair_table.c.name == name) == 1


def count_keypairs(db: Connection, user_id: str) -> int:
    return _keypairs.count(db, keypair_table.c.user_id == user_id)
