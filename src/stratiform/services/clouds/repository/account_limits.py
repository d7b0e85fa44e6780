"""Queries on the limits of cloud accounts."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, select

from stratiform.kit.database import Connection, upsert
from stratiform.services.clouds.model.account_quotas import AccountLimit, QuotaResource, QuotaScope
from stratiform.services.clouds.tables import account_limits_table, clouds_table

_KEY = ("cloud_id", "scope", "owner_id", "resource")


def list_limits(db: Connection, cloud_ids: Collection[str]) -> Sequence[AccountLimit]:
    """Return the limits of these clouds, ordered by cloud, scope, owner and resource.

    Raises: ValueError for a scope or resource that this version does not know, so that no limit is ignored.
    """
    c = account_limits_table.c
    columns = (c.cloud_id, c.scope, c.owner_id, c.resource, c.limit)
    rows = db.execute(select(*columns).where(c.cloud_id.in_(cloud_ids)).order_by(*columns[:4]))
    return [
        AccountLimit(cloud_id, QuotaScope(scope), owner_id, QuotaResource(resource), int(limit))
        for cloud_id, scope, owner_id, resource, limit in rows
    ]


def lock_accounts(db: Connection, cloud_ids: Collection[str]) -> None:
    """Wait for other transactions that count the usage of these accounts, until this one ends; in a fixed order."""
    c = clouds_table.c
    query = select(c.id).where(c.id.in_(cloud_ids)).order_by(c.id)
    db.execute(query.with_for_update(key_share=True)).all()


def save_limits(
    db: Connection, cloud_id: str, scope: QuotaScope, owner_id: str, limits: Mapping[QuotaResource, int]
) -> None:
    for resource, limit in limits.items():
        row = {"cloud_id": cloud_id, "scope": scope, "owner_id": owner_id, "resource": resource, "limit": limit}
        upsert(db, account_limits_table, row, key=_KEY, on_conflict={"limit": limit})


def delete_limits(db: Connection, cloud_id: str, scope: QuotaScope, owner_id: str) -> bool:
    """Delete all limits of one owner. Return False if there are none."""
    c = account_limits_table.c
    condition = (c.cloud_id == cloud_id) & (c.scope == scope) & (c.owner_id == owner_id)
    return bool(db.execute(delete(account_limits_table).where(condition)).rowcount)
