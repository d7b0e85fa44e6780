"""Clouds that choose the addresses of floating IPs, and that cannot apply every object."""

from typing import Any

import pytest

from stratiform.connectors.aws.routing_limits import check_routing
from stratiform.connectors.memory.routing import MemoryRoutingDriver
from stratiform.contract.errors import InsufficientCapacity
from support.callers import Callers, open_callers
from support.network_clouds import V2, bind, create_subnet, list_properties, run_worker
from support.stacks import ServiceHarness

ADDRESS = "198.51.100.7"


@pytest.fixture
def assigned_addresses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the simulated cloud choose addresses, and return the tokens for which it did."""
    tokens: list[str] = []

    def allocate_address(_driver: MemoryRoutingDriver, token: str) -> str:
        tokens.append(token)
        return ADDRESS

    monkeypatch.setattr("stratiform.contract.registry.assigns_floating_addresses", lambda _kind: True)
    monkeypatch.setattr(MemoryRoutingDriver, "allocate_address", allocate_address)
    return tokens


def create_external(api: Callers) -> str:
    return str(create_subnet(api, "admin", "203.0.113.0/24", **{"router:external": True})["network_id"])


def test_floating_ip_has_the_address_that_the_cloud_chose(
    service_harness: ServiceHarness, assigned_addresses: list[str]
) -> None:
    with open_callers(service_harness) as api:
        cloud_id = bind(service_harness, api.projects["green"])
        body = {"floatingip": {"floating_network_id": create_external(api)}}
        floating_ip = api.ok("POST", f"{V2}/floatingips", json=body)["floatingip"]
        assert (floating_ip["floating_ip_address"], assigned_addresses) == (ADDRESS, [floating_ip["id"]])
        service_harness.clock.advance(600_000_000)
        run_worker(service_harness)
        assert list_properties(service_harness, cloud_id)[floating_ip["id"]]["address"] == ADDRESS
        api.ok("DELETE", f"{V2}/floatingips/{floating_ip['id']}")
        run_worker(service_harness)
        assert list_properties(service_harness, cloud_id) == {}


def test_address_is_released_if_the_floating_ip_is_not_created(
    service_harness: ServiceHarness, assigned_addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[str] = []
    monkeypatch.setattr(MemoryRoutingDriver, "delete", lambda _driver, _kind, token: released.append(token))
    with open_callers(service_harness) as api:
        bind(service_harness, api.projects["green"])
        body = {"floatingip": {"floating_network_id": create_subnet(api, "green", "192.0.2.0/24")["network_id"]}}
        response = api.request("POST", f"{V2}/floatingips", json=body)
        assert response.status_code == 400
        run_worker(service_harness)
    assert len(assigned_addresses) == 1
    assert released == assigned_addresses


def test_error_of_the_cloud_is_returned(
    service_harness: ServiceHarness, assigned_addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_driver: MemoryRoutingDriver, _token: str) -> str:
        raise InsufficientCapacity("AWS: too many addresses (AddressLimitExceeded)")

    monkeypatch.setattr(MemoryRoutingDriver, "allocate_address", fail)
    with open_callers(service_harness) as api:
        bind(service_harness, api.projects["green"])
        body = {"floatingip": {"floating_network_id": create_external(api)}}
        response = api.request("POST", f"{V2}/floatingips", json=body)
        assert response.status_code == 502
        assert "AddressLimitExceeded" in response.json()["NeutronError"]["message"]
        assert api.ok("GET", f"{V2}/floatingips")["floatingips"] == []
    assert assigned_addresses == []


def test_objects_that_a_cloud_cannot_apply_are_refused(
    service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratiform.contract.registry.find_routing_check", lambda _kind: check_routing)
    with open_callers(service_harness) as api:
        bind(service_harness, api.projects["green"])
        router = api.ok("POST", f"{V2}/routers", json={"router": {}})["router"]
        path = f"{V2}/routers/{router['id']}"
        first, second = (create_subnet(api, "green", cidr) for cidr in ("192.0.2.0/24", "198.51.100.0/24"))
        api.ok("PUT", f"{path}/add_router_interface", json={"subnet_id": first["id"]})
        refused: list[tuple[str, str, Any, str]] = [
            ("PUT", f"{path}/add_router_interface", {"subnet_id": second["id"]}, "subnets of one network"),
            ("POST", f"{V2}/security-groups", {"security_group": {"stateful": False}}, "stateless security groups"),
        ]
        for method, url, body, message in refused:
            response = api.request(method, url, json=body)
            assert response.status_code == 501
            assert message in response.json()["NeutronError"]["message"]
        assert len(api.ok("GET", f"{V2}/ports?device_id={router['id']}")["ports"]) == 1
