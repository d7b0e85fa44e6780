"""The rows of the declared resource types."""

import dataclasses
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, or_, select, true

from stratiform.kit.database import Connection, TableGateway
from stratiform.services.network.model.declared_types import RESOURCE_TYPES
from stratiform.services.network.model.declared_types.sharing import EVERY_PROJECT
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
        self.build_record = self._build

    def _build(self, *row: Any) -> Resource:
        standard = dict(zip(_STANDARD, row, strict=False))
        values = dict(zip(self._attributes, row[len(_STANDARD) :], strict=True))
        return Resource(**standard, values=values)

    def to_columns(self, record: Resource) -> dict[str, Any]:
        standard = {name: getattr(record, name) for name in _STANDARD}
        return standard | {name: record.values[name] for name in self._attributes}

    def lock(self, db: Connection, resource_id: str) -> None:
        """Lock a row until the transaction ends, so that concurrent changes of a resource are made one by one."""
        db.execute(select(self.key).where(self.key == resource_id).with_for_update()).all()

    def build_visible_condition(self, project_id: str | None, all_projects: bool) -> ColumnElement[bool]:
        """Select the resources of a project and those that it shares, or every resource."""
        if all_projects or self.resource_type.public:
            return true()
        own = self.table.c.project_id == (project_id or "")
        if not self.resource_type.is_shareable:
            return own
        granted = self.table.c.id.in_(_select_shared_ids(project_id))
        return or_(own, self.table.c.shared.is_(True), granted)

    def is_granted(self, db: Connection, resource_id: str, project_id: str | None) -> bool:
        """Return True if an RBAC policy shares a resource with a project."""
        c = resource_tables["rbac_policy"].c
        query = _select_shared_ids(project_id).where(c.object_id == resource_id).limit(1)
        return self.resource_type.is_shareable and db.execute(query).first() is not None


def _select_shared_ids(project_id: str | None) -> Select[tuple[str]]:
    c = resource_tables["rbac_policy"].c
    return select(c.object_id).where(c.target_tenant.in_((project_id or "", EVERY_PROJECT)))


#: The gateways by the name of the type.
gateways = {
    resource_type.name: ResourceGateway(resource_type, resource_tables[resource_type.name])
    for resource_type in RESOURCE_TYPES
}
