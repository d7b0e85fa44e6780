"""Routers, floating IPs and security groups in the simulated cloud."""

from typing import Any, cast

import pytest

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work_queue import Worker
from stratiform.services.network.tasks import build_handlers
from support.callers import Callers, open_callers
from support.stacks import ServiceHarness

V2 = "/network/v2.0"


def bind(harness: ServiceHarness, project_id: str) -> str:
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db, SYSTEM)
        cloud = harness.services.clouds.accounts.create(ctx, "memory", "memory", {})
        harness.services.clouds.bindings.create(ctx, project_id, cloud.id, "zone-a")
    return cloud.id


def run_worker(harness: ServiceHarness) -> None:
    handlers = build_handlers(harness.services.network)
    Worker(harness.services.database, handlers, name="w", clock=harness.clock).run_until_idle()


def list_properties(harness: ServiceHarness, cloud_id: str) -> dict[str, Any]:
    cloud = cast("MemoryCloud", harness.services.clouds.connections.get(cloud_id))
    assert cloud.routing is not None
    return {item.token: dict(item.properties) for item in cloud.routing.list_objects()}


def create_subnet(api: Callers, caller: str, cidr: str, **attributes: Any) -> dict[str, Any]:
    network = api.ok("POST", f"{V2}/networks", caller, json={"network": attributes})["network"]
    body = {"network_id": network["id"], "ip_version": 4, "cidr": cidr}
    return dict(api.ok("POST", f"{V2}/subnets", caller, json={"subnet": body})["subnet"])


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
        assert properties[router["id"]]["interfaces"] == [{"subnet_id": subnet["id"], "ip_address": "192.0.2.1"}]
        [address] = [fixed_ip["ip_address"] for fixed_ip in port["fixed_ips"]]
        assert properties[floating_ip["id"]]["fixed_address"] == address
        assert properties[group["id"]]["addresses"] == [address]
        assert len(properties[group["id"]]["rules"]) == 2
        api.ok("DELETE", f"{V2}/ports/{port['id']}")
        run_worker(service_harness)
        properties = list_properties(service_harness, cloud_id)
        assert properties[floating_ip["id"]]["fixed_address"] is None
        assert properties[group["id"]]["addresses"] == []
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
    monkeypatch.setattr("stratiform.services.clouds.service.bindings.has_capability", lambda *_: False)
    with open_callers(service_harness) as api:
        bind(service_harness, api.projects["green"])
        response = api.request("POST", V2 + path, json=body)
        assert response.status_code == 501
        assert response.json()["NeutronError"]["message"] == f"Cloud memory does not support {title}."
