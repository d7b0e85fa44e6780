"""Quotas of networking resources."""

from typing import Any

from support.callers import Callers

V2 = "/network/v2.0"


def failure(response: Any) -> tuple[int, str]:
    """Return the status and the type of an error."""
    return response.status_code, response.json()["NeutronError"]["type"]


def test_limits_are_set_and_reset(api: Callers) -> None:
    path = f"{V2}/quotas/{api.projects['green']}"
    assert api.ok("GET", path)["quota"] == api.ok("GET", f"{path}/default")["quota"]
    assert failure(api.request("PUT", path, json={"quota": {"network": 1}})) == (403, "PolicyNotAuthorized")
    updated = api.ok("PUT", path, "admin", json={"quota": {"network": "1", "port": -1}})["quota"]
    assert (updated["network"], updated["port"], updated["subnet"]) == (1, -1, 100)
    [quota] = api.ok("GET", f"{V2}/quotas", "admin")["quotas"]
    assert (quota["project_id"], quota["network"]) == (api.projects["green"], 1)
    for invalid in ({"colour": 1}, {"network": -2}, {"network": "many"}):
        assert failure(api.request("PUT", path, "admin", json={"quota": invalid})) == (400, "HTTPBadRequest")
    api.ok("DELETE", path, "admin")
    assert api.ok("GET", path)["quota"]["network"] == 100
    assert api.ok("GET", f"{V2}/quotas", "admin")["quotas"] == []


def test_limits_hold(api: Callers) -> None:
    path = f"{V2}/quotas/{api.projects['green']}"
    limits = {"network": 1, "security_group": 2, "port": 1}
    api.ok("PUT", path, "admin", json={"quota": limits})
    network = api.ok("POST", f"{V2}/networks", json={"network": {}})["network"]
    response = api.request("POST", f"{V2}/networks", json={"network": {}})
    assert failure(response) == (409, "OverQuota")
    assert response.json()["NeutronError"]["message"] == "Quota exceeded for resources: ['network']."
    api.ok("POST", f"{V2}/networks", "blue", json={"network": {}})
    two_ports = {"ports": [{"network_id": network["id"]}] * 2}
    assert failure(api.request("POST", f"{V2}/ports", json=two_ports)) == (409, "OverQuota")
    assert api.ok("GET", f"{V2}/ports")["ports"] == []
    api.ok("POST", f"{V2}/security-groups", json={"security_group": {"name": "a"}})
    assert failure(api.request("POST", f"{V2}/security-groups", json={"security_group": {}})) == (409, "OverQuota")
    details = api.ok("GET", f"{path}/details")["quota"]
    assert details["security_group"] == {"limit": 2, "used": 2, "reserved": 0}
    lower = api.request("PUT", path, "admin", json={"quota": {"security_group": 1, "check_limit": True}})
    assert failure(lower) == (400, "HTTPBadRequest")
