"""Agents."""

from typing import Any

from msgspec import Struct

from stratiform.interfaces.openstack.network.schemas.common import ListQuery


class AgentListQuery(ListQuery, kw_only=True):
    id: list[str] = []
    agent_type: list[str] = []
    binary: list[str] = []
    host: list[str] = []
    alive: list[bool] = []
    admin_state_up: list[bool] = []
    availability_zone: list[str] = []
    topic: list[str] = []
    description: list[str] = []


class Agent(Struct):
    id: str
    host: str
    alive: bool
    created_at: str
    started_at: str
    heartbeat_timestamp: str
    configurations: dict[str, Any]
    agent_type: str = "Cloud agent"
    binary: str = "stratiform-worker"
    topic: str = "N/A"
    admin_state_up: bool = True
    availability_zone: str | None = None
    description: str | None = None
    resources_synced: bool | None = None


class AgentResponse(Struct):
    agent: Agent


class AgentsResponse(Struct):
    agents: list[Agent]
