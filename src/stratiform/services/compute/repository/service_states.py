"""Queries on the state of compute services."""

from stratiform.kit.database import Connection, TableGateway
from stratiform.services.compute.model.hypervisors import ServiceState
from stratiform.services.compute.tables import service_state_table

_states = TableGateway(service_state_table, ServiceState, key="cloud_id")


def find_state(db: Connection, cloud_id: str) -> ServiceState | None:
    return _states.find(db, cloud_id)


def list_states(db: Connection) -> dict[str, ServiceState]:
    """Return the states by the id of the cloud."""
    return {state.cloud_id: state for state in _states.list_all(db)}


def save_state(db: Connection, state: ServiceState) -> ServiceState:
    if _states.find(db, state.cloud_id) is None:
        return _states.insert(db, state)
    return _states.save(db, state)
