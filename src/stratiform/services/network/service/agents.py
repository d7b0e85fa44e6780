"""Agents: each cloud with networks is the agent that serves them. Source: Networking API v2.0, "Agents"."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from stratiform.contract import registry
from stratiform.kit.clock import MINUTE_US, Micros
from stratiform.kit.context import RequestContext
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network import policy
from stratiform.services.network.errors import AgentNotFound
from stratiform.services.network.repository import cloud_objects
from stratiform.services.network.service.ownership import sees_all_projects

_NAMESPACE = UUID("2f0c8a1e-6f0b-4a52-8b0e-5f2a7c5f9d31")

#: An agent counts as dead if work on networks has been due for this long.
_WORKER_TIMEOUT_US = MINUTE_US


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent of a cloud. `alive`: the worker applies changes in time."""

    id: str
    host: str
    created_at: Micros
    heartbeat_at: Micros
    alive: bool
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agents:
    """Agents, which admins see; for others the list is empty, as in Neutron."""

    clouds: CloudsService

    def list(self, ctx: RequestContext) -> Sequence[Agent]:
        if not sees_all_projects(ctx.caller):
            return []
        alive = not cloud_objects.has_overdue_work(ctx.db, ctx.now - _WORKER_TIMEOUT_US)
        clouds = self.clouds.accounts.list_all(ctx.db)
        return [
            _build_agent(cloud, ctx.now, alive=alive)
            for cloud in clouds
            if registry.has_capability(cloud.kind, "network")
        ]

    def get(self, ctx: RequestContext, agent_id: str) -> Agent:
        """Raises AgentNotFound."""
        policy.AGENTS_GET.require(ctx.caller, None)
        for agent in self.list(ctx):
            if agent.id == agent_id:
                return agent
        raise AgentNotFound(agent_id)


def _build_agent(cloud: Cloud, now: Micros, *, alive: bool) -> Agent:
    capabilities = tuple(name for name in ("network", "routing") if registry.has_capability(cloud.kind, name))
    return Agent(str(uuid5(_NAMESPACE, cloud.id)), cloud.name, cloud.created_at, now, alive, capabilities)
