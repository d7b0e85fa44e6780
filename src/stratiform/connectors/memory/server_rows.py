"""Rows of simulated servers: loading, states and transitions."""

import msgspec

from stratiform.connectors.memory import console_log, errors
from stratiform.connectors.memory.client import Row, SimulatedRequest
from stratiform.contract.compute import NativeServerState
from stratiform.kit.clock import Micros

BUILDING, RUNNING = NativeServerState.BUILDING, NativeServerState.RUNNING


def encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


def get_row(request: SimulatedRequest, server_id: str) -> Row:
    """Return a server, also while it is deleted. Raises: NativeNotFound."""
    row = request.find_row(
        "SELECT * FROM servers WHERE id = ? AND (deleted_at IS NULL OR deleted_at > ?)", server_id, request.now
    )
    if row is None:
        raise errors.not_found("server", server_id)
    return row


def get_active_row(request: SimulatedRequest, server_id: str) -> Row:
    """Return a server that is not being deleted. Raises: NativeNotFound."""
    row = get_row(request, server_id)
    if row["deleted_at"] is not None:
        raise errors.not_found("server", server_id)
    return row


def state_of(row: Row, now: Micros) -> NativeServerState:
    if row["deleted_at"] is not None:
        return NativeServerState.DELETING
    return NativeServerState(row["during"] if now < row["ready_at"] else row["state"])


def require_state(row: Row, now: Micros, action: str, *states: NativeServerState) -> None:
    state = state_of(row, now)
    if state not in states:
        raise errors.invalid_state("server", row["id"], state.value, action)


def set_state(
    request: SimulatedRequest, server_id: str, *, during: NativeServerState, state: NativeServerState, ready_at: Micros
) -> None:
    request.db.execute(
        "UPDATE servers SET during = ?, state = ?, ready_at = ? WHERE id = ?",
        (during.value, state.value, ready_at, server_id),
    )


def power_on(request: SimulatedRequest, row: Row) -> None:
    """Start a server, after a resize that is in progress."""
    latency = request.completes_at - request.now
    started_at = max(request.now, row["resized_at"]) + latency
    set_state(request, row["id"], during=BUILDING, state=RUNNING, ready_at=started_at)
    console_log.write_boot_lines(request, row, started_at)
