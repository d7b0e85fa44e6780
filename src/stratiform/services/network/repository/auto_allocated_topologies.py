"""The network and the router of each project's auto-allocated topology."""

from dataclasses import dataclass

from sqlalchemy import delete

from stratiform.kit.database import Connection, TableGateway
from stratiform.services.network.tables import auto_allocated_topologies_table


@dataclass(frozen=True, slots=True)
class AutoAllocatedTopology:
    """The topology of a project."""

    project_id: str
    network_id: str
    router_id: str


_topologies = TableGateway(auto_allocated_topologies_table, AutoAllocatedTopology, key="project_id")


def find_topology(db: Connection, project_id: str) -> AutoAllocatedTopology | None:
    return _topologies.find(db, project_id)


def insert_topology(db: Connection, topology: AutoAllocatedTopology) -> AutoAllocatedTopology:
    return _topologies.insert(db, topology)


def delete_topology(db: Connection, project_id: str) -> None:
    db.execute(
        delete(auto_allocated_topologies_table).where(auto_allocated_topologies_table.c.project_id == project_id)
    )
