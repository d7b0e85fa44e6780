"""The rows of the declared resource types."""

import dataclasses
from typing import Any

from sqlalchemy import ColumnElement, Table, false, or_, select, true

from stratiform.kit.database import Connection, TableGateway
from stratiform.services.network.model.declared_types import RESOURCE_TYPES
from stratiform.services.network.model.resource_types import Resource, ResourceType
from stratiform.services.network.tables import resource_tables

_STANDARD = [field.name for field in dataclasses.fields(Resource) if field.name != "values"]


class ResourceGateway(TableGateway[Resource]):
    """Access to the resources of one declared type."""

    def __init__(self, resource_type: ResourceType, table: Table) -> None:
        self.table = table
        self.key = table.c.id
        self.resource_type = resource_type
        self._attributes = [attribute.name for attribute in resource_type.stored_attributes]
        self.columns = [table.c[name] for name in (*_STANDARD, *self._attributes)]
        self._record = self._build

    def _build(self, *row: Any) -> Resource:
        standard = dict(zip(_STANDARD, row, strict=False))
        values = dict(zip(self._attributes, row[len(_STANDARD) :], strict=True))
        return Resource(**standard, values=values)

    def to_columns(self, record: Resource) -> dict[str, Any]:
        return {name: getattr(record, name) for name in _STANDARD} | dict(record.values)

    def lock(self, db: Connection, resource_id: str) -> None:
        """Lock a row until the transaction ends, so that concurrent changes of a resource are made one by one."""
        db.execute(select(self.key).where(self.key == resource_id).with_for_update()).all()

    def build_visible_condition(self, project_id: str | None, all_projects: bool) -> ColumnElement[bool]:
        """Select the resources of a project and those that it shares, or every resource."""
        if all_projects or self.resource_type.public:
            return true()
        shared = self.table.c.shared.is_(True) if self.resource_type.is_shareable else false()
        return or_(self.table.c.project_id == (project_id or ""), shared)


#: The gateways by the name of the type.
gateways = {
    resource_type.name: ResourceGateway(resource_type, resource_tables[resource_type.name])
    for resource_type in RESOURCE_TYPES
}
