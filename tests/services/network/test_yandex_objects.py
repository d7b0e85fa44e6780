"""Routers, floating IPs and security groups of a project on Yandex Cloud, from the API to the cloud."""

from typing import Any

import pytest

from stratiform.contract.compute import NativeServerState, ServerSize, ServerSpec
from stratiform.kit.policy import SYSTEM
from support.callers import Callers, open_callers
from support.network_clouds import V2, create_subnet, run_worker
from support.stacks import ServiceHarness
from support.yandex import IMAGE, YandexServer, wait_until
from support.yandex.state import ZONES, State


@pytest.fixture
def state(yandex_server: YandexServer) -> State:
    return yandex_server.state


def bind(harness: ServiceHarness, project_id: str, server: YandexServer) -> str:
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db, SYSTEM)
        cloud = harness.services.clouds.accounts.create(ctx, "yandex", "yc", server.settings)
        harness.services.clouds.bindings.create(ctx, project_id, cloud.id, "nova", ZONES[0])
    return cloud.id


def create_server(harness: ServiceHarness, cloud_id: str, port_id: str) -> str:
    """Create the server of a port as the compute service does, and return its native id."""
    network, compute = harness.services.network, harness.services.clouds.connections.get(cloud_id).compute
    assert compute is not None
    with harness.services.database.read_transaction() as db:
        port = network.ports.get(harness.ctx(db, SYSTEM), port_id)
    interfaces = network.native_subnets.prepare_interfaces(cloud_id, [port])
    server_id = compute.create(ServerSpec("server-1", "s", ServerSize(1, 512, 0), IMAGE, interfaces)).id
    wait_until(lambda: compute.get(server_id).state is NativeServerState.RUNNING)
    with harness.services.database.transaction() as db:
        network.cloud_objects.enqueue_for_ports(db, [port], harness.clock.now())
    run_worker(harness)
    return server_id


def list_labeled(state: State) -> dict[str, int]:
    """Return the number of resources with labels by table."""
    counts = {
        name: sum(bool(getattr(item, "labels", None)) for item in table.values())
        for name, table in state.tables.items()
    }
    return {name: count for name, count in counts.items() if count}


def create_router(api: Callers, external_id: str, subnet_id: str) -> str:
    router = {"external_gateway_info": {"network_id": external_id}}
    router_id = str(api.ok("POST", f"{V2}/routers", json={"router": router})["router"]["id"])
    api.ok("PUT", f"{V2}/routers/{router_id}/add_router_interface", json={"subnet_id": subnet_id})
    return router_id


def create_port(api: Callers, network_id: str) -> tuple[dict[str, Any], str]:
    """Return a port, and the id of its security group, which allows SSH."""
    group_id = str(
        api.ok("POST", f"{V2}/security-groups", json={"security_group": {"name": "web"}})["security_group"]["id"]
    )
    rule = {"security_group_id": group_id, "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
    api.ok("POST", f"{V2}/security-group-rules", json={"security_group_rule": rule})
    port = {"network_id": network_id, "security_groups": [group_id]}
    return api.ok("POST", f"{V2}/ports", json={"port": port})["port"], group_id


def test_objects_exist_while_a_server_uses_them(
    service_harness: ServiceHarness, yandex_server: YandexServer, state: State
) -> None:
    with open_callers(service_harness) as api:
        cloud_id = bind(service_harness, api.projects["green"], yandex_server)
        external = create_subnet(api, "admin", "203.0.113.0/24", **{"router:external": True})
        subnet = create_subnet(api, "green", "10.7.0.0/24")
        router_id = create_router(api, external["network_id"], subnet["id"])
        port, group_id = create_port(api, subnet["network_id"])
        body = {"floating_network_id": external["network_id"], "port_id": port["id"]}
        floating_ip = api.ok("POST", f"{V2}/floatingips", json={"floatingip": body})["floatingip"]
        run_worker(service_harness)
        [address] = state.table("addresses").values()
        assert address.external_ipv4_address.address == floating_ip["floating_ip_address"]
        native_id = create_server(service_harness, cloud_id, port["id"])
        [interface] = state.table("instances")[native_id].network_interfaces
        assert interface.primary_v4_address.address == port["fixed_ips"][0]["ip_address"]
        assert interface.primary_v4_address.one_to_one_nat.address == floating_ip["floating_ip_address"]
        [native_group] = interface.security_group_ids
        rules = state.table("security_groups")[native_group].rules
        assert sorted(rule.ports.to_port for rule in rules) == [0, 22]
        assert list_labeled(state)["route_tables"] == list_labeled(state)["gateways"] == 1
        compute = service_harness.services.clouds.connections.get(cloud_id).compute
        assert compute is not None
        compute.delete(native_id)
        wait_until(state.settle_all)
        api.ok("DELETE", f"{V2}/floatingips/{floating_ip['id']}")
        api.ok("DELETE", f"{V2}/ports/{port['id']}")
        api.ok("DELETE", f"{V2}/security-groups/{group_id}")
        api.ok("PUT", f"{V2}/routers/{router_id}/remove_router_interface", json={"subnet_id": subnet["id"]})
        api.ok("DELETE", f"{V2}/routers/{router_id}")
        api.ok("DELETE", f"{V2}/subnets/{subnet['id']}")
        run_worker(service_harness)
        assert list_labeled(state) == {}


def test_what_yandex_cloud_cannot_do_is_refused_immediately(
    service_harness: ServiceHarness, yandex_server: YandexServer, state: State
) -> None:
    with open_callers(service_harness) as api:
        bind(service_harness, api.projects["green"], yandex_server)
        group = {"security_group": {"name": "web", "stateful": False}}
        response = api.request("POST", f"{V2}/security-groups", json=group)
        assert response.status_code in (400, 501)
        assert "stateless" in response.text
        assert "SecurityGroupService/Create" not in state.requests
