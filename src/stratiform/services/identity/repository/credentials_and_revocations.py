"""Queries on application credentials, and on the revocations of tokens."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, upsert
from stratiform.kit.pagination import Slice
from stratiform.services.identity import tables as t
from stratiform.services.identity.model import ALLOW_EXPIRED_WINDOW_US, ApplicationCredential, ListQuery
from stratiform.services.identity.repository.gateways import application_credentials
from stratiform.services.identity.repository.records import list_records


def find_application_credential(db: Connection, user_id: str, name: str) -> ApplicationCredential | None:
    columns = t.application_credentials.c
    return application_credentials.find_first(db, columns.user_id == user_id, columns.name == name)


def list_application_credentials(db: Connection, user_id: str, query: ListQuery) -> Slice[ApplicationCredential]:
    return list_records(db, application_credentials, query, t.application_credentials.c.user_id == user_id)


def revoke_token(db: Connection, audit_id: str, expires_at: Micros, now: Micros) -> None:
    """Store the revocation of a token and its chain, and delete those of tokens that not even services may use."""
    db.execute(delete(t.revocations).where(t.revocations.c.expires_at <= now - ALLOW_EXPIRED_WINDOW_US))
    row = {"audit_id": audit_id, "expires_at": expires_at}
    upsert(db, t.revocations, row, key=("audit_id",), on_conflict={})


def is_any_revoked(db: Connection, audit_ids: Sequence[str]) -> bool:
    c = t.revocations.c
    return db.execute(select(c.audit_id).where(c.audit_id.in_(audit_ids)).limit(1)).first() is not None
