"""Auto-allocated topologies."""

from typing import Any

from support.callers import Callers
from support.network_clouds import V2, create_subnet

Json = dict[str, Any]

PATH = f"{V2}/auto-allocated-topology"


def prepare(api: Callers) -> str:
    """Create the default external network and the default pool; return the network."""
    external = create_subnet(api, "admin", "203.0.113.0/24", **{"router:external": True, "is_default": True})
    pool = {"name": "pool", "prefixes": ["10.9.0.0/16"], "default_prefixlen": 26, "is_default": True, "shared": True}
    api.ok("POST", f"{V2}/subnetpools", "admin", json={"subnetpool": pool})
    return str(external["network_id"])


def test_topology_is_created_once_and_deleted(api: Callers) -> None:
    external_id, project_id = prepare(api), api.projects["green"]
    topology = api.ok("GET", f"{PATH}/null")["auto_allocated_topology"]
    assert topology["project_id"] == project_id
    assert api.ok("GET", f"{PATH}/{project_id}")["auto_allocated_topology"] == topology
    network = api.ok("GET", f"{V2}/networks/{topology['id']}")["network"]
    [subnet] = api.ok("GET", f"{V2}/subnets?network_id={network['id']}")["subnets"]
    assert subnet["cidr"] == "10.9.0.0/26"
    [router] = api.ok("GET", f"{V2}/routers")["routers"]
    assert router["external_gateway_info"]["network_id"] == external_id
    [interface] = api.ok("GET", f"{V2}/ports?device_id={router['id']}&network_id={network['id']}")["ports"]
    assert interface["fixed_ips"] == [{"subnet_id": subnet["id"], "ip_address": "10.9.0.1"}]
    api.ok("DELETE", f"{PATH}/{project_id}")
    assert api.ok("GET", f"{V2}/routers")["routers"] == []
    assert api.request("GET", f"{V2}/networks/{topology['id']}").status_code == 404


def test_check_creates_nothing(api: Callers) -> None:
    response = api.request("GET", f"{PATH}/null?fields=dry-run")
    error = response.json()["NeutronError"]
    assert (response.status_code, error["type"]) == (409, "AutoAllocationFailure")
    assert error["message"] == "Deployment error: No default router:external network."
    prepare(api)
    assert api.ok("GET", f"{PATH}/null?fields=dry-run")["auto_allocated_topology"]["id"] == "dry-run=pass"
    assert api.ok("GET", f"{V2}/routers")["routers"] == []


def test_topology_of_another_project_is_for_admins(api: Callers) -> None:
    prepare(api)
    path = f"{PATH}/{api.projects['green']}"
    assert api.request("GET", path, "blue").status_code == 400
    assert api.ok("GET", path, "admin")["auto_allocated_topology"]["project_id"] == api.projects["green"]
