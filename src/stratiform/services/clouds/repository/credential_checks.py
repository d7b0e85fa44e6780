"""Queries on checks of credentials."""

from collections.abc import Sequence

from sqlalchemy import or_, select

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway, upsert
from stratiform.services.clouds.model.credential_checks import (
    CHECK_EVERY_US,
    RETRY_AFTER_US,
    CredentialCheck,
    CredentialStatus,
)
from stratiform.services.clouds.tables import clouds_table, credential_checks_table

_checks = TableGateway(credential_checks_table, CredentialCheck, key="cloud_id")


def find_check(db: Connection, cloud_id: str) -> CredentialCheck | None:
    return _checks.find(db, cloud_id)


def list_checks(db: Connection) -> dict[str, CredentialCheck]:
    """Return the last check of each cloud by the id of the cloud."""
    return {check.cloud_id: check for check in _checks.list_all(db)}


def save_check(db: Connection, check: CredentialCheck) -> None:
    values = _checks.to_columns(check)
    upsert(db, credential_checks_table, values, key=("cloud_id",), on_conflict=values)


def delete_check(db: Connection, cloud_id: str) -> None:
    _checks.delete(db, credential_checks_table.c.cloud_id == cloud_id)


def list_due_clouds(db: Connection, now: Micros) -> Sequence[str]:
    """Return the ids of the clouds whose credentials are to be checked."""
    c = credential_checks_table.c
    is_unreachable = c.status == CredentialStatus.UNREACHABLE
    is_due = or_(
        c.checked_at.is_(None),
        c.checked_at <= now - CHECK_EVERY_US,
        is_unreachable & (c.checked_at <= now - RETRY_AFTER_US),
    )
    joined = clouds_table.outerjoin(credential_checks_table, c.cloud_id == clouds_table.c.id)
    query = select(clouds_table.c.id).select_from(joined).where(is_due).order_by(clouds_table.c.name)
    return list(db.execute(query).scalars())
