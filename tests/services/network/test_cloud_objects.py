"""Routers, floating IPs and security groups in the simulated cloud."""

from typing import Any

import pytest

from support.callers import open_callers
from support.network_clouds import V2, bind, create_subnet, list_properties, run_worker
from support.stacks import ServiceHarness


def test_objects_are_applied_and_deleted_in_the_cloud(service_harness: ServiceHarness) -> None:
    with open_callers(service_harness) as api:
        cloud_id = bind(service_harness, api.projects["green"])
        external = create_subnet(api, "admin", "203.0.113.0/24", **{"router:external": True})
        subnet = create_subnet(api, "green", "192.0.2.0/24")
        gateway = {"external_gateway_info": {"network_id": external["network_id"]}}
        router = api.ok("POST", f"{V2}/routers", json={"router": gateway})["router"]
        path = f"{V2}/routers/{router['id']}"
        api.ok("PUT", f"{path}/add_router_interface", json={"subnet_id": subnet["id"]})
        group = api.ok("POST", f"{V2}/security-groups", json={"security_group": {}})["security_group"]
        body = {"network_id": subnet["network_id"], "security_groups": [group["id"]]}
        port = api.ok("POST", f"{V2}/ports", json={"port": body})["port"]
        body = {"floating_network_id": external["network_id"], "port_id": port["id"]}
        floating_ip = api.ok("POST", f"{V2}/floatingips", json={"floatingip": body})["floatingip"]
        run_worker(service_harness)
        properties = list_properties(service_harness, cloud_id)
        interface = {"subnet_id": subnet["id"], "ip_address": "192.0.2.1"}
        interface |= {"network_id": subnet["network_id"], "cidr": "192.0.2.0/24"}
        assert properties[router["id"]]["interfaces"] == [interface]
        [address] = [fixed_ip["ip_address"] for fixed_ip in port["fixed_ips"]]
        assert properties[floating_ip["id"]]["fixed_address"] == address
        assert properties[floating_ip["id"]]["subnet_id"] == subnet["id"]
        assert len(properties[group["id"]]["rules"]) == 2
        api.ok("DELETE", f"{V2}/ports/{port['id']}")
        run_worker(service_harness)
        properties = list_properties(service_harness, cloud_id)
        assert properties[floating_ip["id"]]["fixed_address"] is None
        api.ok("DELETE", f"{V2}/floatingips/{floating_ip['id']}")
        api.ok("DELETE", f"{V2}/security-groups/{group['id']}")
        run_worker(service_harness)
        assert {floating_ip["id"], group["id"]} & set(list_properties(service_harness, cloud_id)) == set()


@pytest.mark.parametrize(
    ("path", "body", "title"),
    [
        ("/routers", {"router": {}}, "routers"),
        ("/security-groups", {"security_group": {"name": "web"}}, "security groups"),
    ],
)
def test_clouds_without_routing_refuse_objects(
    service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch, path: str, body: Any, title: str
) -> None:
    monkeypatch.setattr("stratiform.contract.registry.has_capability", lambda *_: False)
    with open_callers(service_harness) as api:
        bind(service_harness, api.projects["green"])
        response = api.request("POST", V2 + path, json=body)
        assert response.status_code == 501
        assert response.json()["NeutronError"]["message"] == f"Cloud memory does not support {title}."
