"""The number of resources of a project, for quotas."""

from sqlalchemy import Table, func, select

from stratiform.kit.database import Connection
from stratiform.services.network.model.declared_types import RESOURCE_TYPES
from stratiform.services.network.tables import networks_table, ports_table, resource_tables, subnets_table

_TABLES: dict[str, Table] = {
    "network": networks_table,
    "subnet": subnets_table,
    "port": ports_table,
    **{item.quota: resource_tables[item.name] for item in RESOURCE_TYPES if item.quota},
}


def count(db: Connection, resource: str, project_id: str) -> int:
    """Return the number of resources; 0 for a name without resources."""
    table = _TABLES.get(resource)
    if table is None:
        return 0
    return int(db.execute(select(func.count()).select_from(table).where(table.c.project_id == project_id)).scalar_one())
