"""`/agents`. They cannot be changed, and nothing is assigned to them: clouds serve all networks of their projects."""

from typing import Any

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.list_queries import parse_list_query, select_fields
from stratiform.interfaces.openstack.network.schemas import agents as schemas
from stratiform.interfaces.openstack.network.schemas.common import FieldsQuery
from stratiform.kit.clock import Micros, format_iso_seconds
from stratiform.kit.pagination import paginate_list
from stratiform.services.network import policy
from stratiform.services.network.service.agents import Agent

_REASON = "Agents cannot be changed: clouds provide the network services of their projects."


@api.get("/agents", policy.AGENTS_LIST)
def list_agents(request: ApiRequest, query: schemas.AgentListQuery) -> schemas.AgentsResponse:
    list_query = parse_list_query(request, query)
    agents = [_view(agent) for agent in request.services.network.agents.list(request.ctx)]
    matching = [
        agent for agent in agents if all(getattr(agent, name) in values for name, values in list_query.filters.items())
    ]
    page = paginate_list(sorted(matching, key=lambda agent: agent.host), list_query.page, lambda agent: agent.id)
    return schemas.AgentsResponse([select_fields(agent, query.fields) for agent in page.items])


@api.get("/agents/{agent_id}", policy.AGENTS_GET)
def show_agent(request: ApiRequest, agent_id: str, query: FieldsQuery) -> schemas.AgentResponse:
    agent = _view(request.services.network.agents.get(request.ctx, agent_id))
    return schemas.AgentResponse(select_fields(agent, query.fields))


for _method, _path in (
    ("PUT", "/agents/{agent_id}"),
    ("DELETE", "/agents/{agent_id}"),
    ("POST", "/agents/{agent_id}/dhcp-networks"),
    ("DELETE", "/agents/{agent_id}/dhcp-networks/{network_id}"),
    ("POST", "/agents/{agent_id}/l3-routers"),
    ("DELETE", "/agents/{agent_id}/l3-routers/{router_id}"),
):
    api.declare_unsupported(_method, _path, policy.AGENTS_UPDATE, _REASON)

for _path, _name in (
    ("/agents/{agent_id}/dhcp-networks", "networks"),
    ("/agents/{agent_id}/l3-routers", "routers"),
    ("/networks/{network_id}/dhcp-agents", "agents"),
    ("/routers/{router_id}/l3-agents", "agents"),
):

    def _list_nothing(_request: ApiRequest, *, _collection: str = _name, **_ids: str) -> dict[str, list[Any]]:
        """Not supported: the list is empty."""
        return {_collection: []}

    api.get(_path, policy.AGENTS_GET)(_list_nothing)


def _view(agent: Agent) -> schemas.Agent:
    created_at = _format_time(agent.created_at)
    return schemas.Agent(
        id=agent.id,
        host=agent.host,
        alive=agent.alive,
        created_at=created_at,
        started_at=created_at,
        heartbeat_timestamp=_format_time(agent.heartbeat_at),
        configurations={"capabilities": list(agent.capabilities)},
    )


def _format_time(at: Micros) -> str:
    """Return a time in the format of Neutron's agents, such as `2026-11-29 20:00:00`."""
    return format_iso_seconds(at).replace("T", " ").removesuffix("Z")
