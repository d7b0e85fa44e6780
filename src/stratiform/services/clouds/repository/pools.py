"""Queries on pools of clouds."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from stratiform.kit.database import Connection, IntegrityError, TableGateway
from stratiform.services.clouds.model import Pool, PoolMember
from stratiform.services.clouds.tables import clouds_table, pool_members_table, pools_table

pools = TableGateway(pools_table, Pool)


def insert_pool(db: Connection, pool: Pool) -> bool:
    """Insert a pool. Return False if the name exists; then the transaction is aborted."""
    try:
        pools.insert(db, pool)
    except IntegrityError:
        return False
    return True


def list_pools(db: Connection) -> Sequence[Pool]:
    """Return all pools, ordered by name."""
    return pools.list_all(db, order=(pools_table.c.name,))


def find_pool_by_name(db: Connection, name: str) -> Pool | None:
    return pools.find_first(db, pools_table.c.name == name)


def delete_pool(db: Connection, pool_id: str) -> bool:
    """Delete a pool. Return False if projects are bound to it; then the transaction is aborted."""
    try:
        pools.delete(db, pools_table.c.id == pool_id)
    except IntegrityError:
        return False
    return True


def list_members(db: Connection, pool_id: str) -> Sequence[PoolMember]:
    """Return the clouds of a pool in the order in which they were added."""
    m, c = pool_members_table.c, clouds_table.c
    joined = pool_members_table.join(clouds_table, c.id == m.cloud_id)
    query = select(c.id, c.name, m.native_zone).select_from(joined).where(m.pool_id == pool_id).order_by(m.seq)
    return [PoolMember(*row) for row in db.execute(query)]


def list_pools_of_cloud(db: Connection, cloud_id: str) -> Sequence[str]:
    """Return the names of the pools that a cloud is a member of."""
    m, p = pool_members_table.c, pools_table.c
    joined = pools_table.join(pool_members_table, m.pool_id == p.id)
    return list(db.execute(select(p.name).select_from(joined).where(m.cloud_id == cloud_id).order_by(p.name)).scalars())


def insert_member(db: Connection, pool_id: str, cloud_id: str, native_zone: str) -> bool:
    """Add a cloud to a pool. Return False if it is a member already; then the transaction is aborted."""
    try:
        db.execute(insert(pool_members_table).values(pool_id=pool_id, cloud_id=cloud_id, native_zone=native_zone))
    except IntegrityError:
        return False
    return True


def delete_member(db: Connection, pool_id: str, cloud_id: str) -> bool:
    """Remove a cloud from a pool. Return False if it was no member."""
    m = pool_members_table.c
    return bool(db.execute(pool_members_table.delete().where(m.pool_id == pool_id, m.cloud_id == cloud_id)).rowcount)
