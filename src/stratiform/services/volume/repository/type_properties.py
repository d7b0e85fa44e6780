"""Queries of QoS specs, encryption of types, default types and group types."""

from stratiform.kit.database import Connection, TableGateway, upsert
from stratiform.services.volume.model import VolumeType
from stratiform.services.volume.model.type_properties import DefaultType, Encryption, GroupType, QosSpec
from stratiform.services.volume.repository import volume_types
from stratiform.services.volume.tables import (
    default_type_table,
    encryption_table,
    group_type_table,
    qos_spec_table,
    type_table,
)

qos_specs = TableGateway(qos_spec_table, QosSpec)
encryptions = TableGateway(encryption_table, Encryption, key="type_id")
default_types = TableGateway(default_type_table, DefaultType, key="project_id")
group_types = TableGateway(group_type_table, GroupType)


def list_types_with_qos(db: Connection, qos_spec_id: str) -> list[VolumeType]:
    c = type_table.c
    return volume_types.list_all(db, c.qos_spec_id == qos_spec_id, order=(c.created_at, c.id))


def save_default_type(db: Connection, default: DefaultType) -> None:
    row = {"project_id": default.project_id, "type_id": default.type_id}
    upsert(db, default_type_table, row, key=("project_id",), on_conflict={"type_id": default.type_id})


def find_group_type(db: Connection, name_or_id: str) -> GroupType | None:
    """Return a group type by id, or else by name."""
    return group_types.find(db, name_or_id) or group_types.find_first(db, group_type_table.c.name == name_or_id)
