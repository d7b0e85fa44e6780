"""Instance actions: the log of actions on a server."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class InstanceAction:
    """An action that a user started on a server. Source: Compute API, "Servers actions (os-instance-actions)".

    `finished_at` is None while the action is in progress; `message` is set if it failed.
    """

    id: str
    server_id: str
    project_id: str
    user_id: str
    action: str
    request_id: str
    started_at: Micros
    finished_at: Micros | None = None
    message: str | None = None
