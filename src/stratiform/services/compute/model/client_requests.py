"""Requests with a token of the client, which take effect once."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """A request that took effect. `digest`: of its parameters; `result_id`: of what it created."""

    project_id: str
    token: str
    digest: str
    result_id: str
    created_at: Micros
