"""`/auto-allocated-topology`: reading it creates it, unless the query is `fields=dry-run`, as in Neutron."""

from msgspec import Struct

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.schemas.common import FieldsQuery
from stratiform.services.network import policy
from stratiform.services.network.errors.routing import AutoAllocationFailure

_DRY_RUN = "dry-run"

#: How clients name the project of their token.
_OWN_PROJECT = ("null", "None")


class AutoAllocatedTopology(Struct):
    id: str
    project_id: str
    tenant_id: str


class AutoAllocatedTopologyResponse(Struct):
    auto_allocated_topology: AutoAllocatedTopology


@api.get(
    "/auto-allocated-topology/{topology_id}",
    policy.TOPOLOGY_GET,
    errors=(AutoAllocationFailure,),
    manages_transactions=True,
)
def get_auto_allocated_topology(
    request: ApiRequest, topology_id: str, query: FieldsQuery
) -> AutoAllocatedTopologyResponse:
    topologies = request.services.network.auto_allocated_topologies
    if _DRY_RUN in query.fields:
        with request.read_transaction() as ctx:
            project_id = topologies.check(ctx, _parse_project(topology_id))
        return _response("dry-run=pass", project_id)
    with request.write_transaction() as ctx:
        topology = topologies.ensure(ctx, _parse_project(topology_id))
    return _response(topology.network_id, topology.project_id)


@api.delete("/auto-allocated-topology/{topology_id}", policy.TOPOLOGY_DELETE)
def delete_auto_allocated_topology(request: ApiRequest, topology_id: str) -> None:
    request.services.network.auto_allocated_topologies.delete(request.ctx, _parse_project(topology_id))


def _parse_project(topology_id: str) -> str | None:
    return None if topology_id in _OWN_PROJECT else topology_id


def _response(network_id: str, project_id: str) -> AutoAllocatedTopologyResponse:
    return AutoAllocatedTopologyResponse(AutoAllocatedTopology(network_id, project_id, project_id))
