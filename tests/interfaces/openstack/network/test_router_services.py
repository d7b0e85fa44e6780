"""Conntrack helpers and NDP proxies of routers, in the API and in the simulated cloud."""

from dataclasses import dataclass
from typing import Any

import pytest

from interfaces.openstack.network.conftest import V2
from stratiform.connectors.aws.routing_limits import check_routing
from support.callers import Callers
from support.network_clouds import bind, list_properties, run_worker
from support.network_resources import Ipv6Router, create_ipv6_router

Json = dict[str, Any]

TFTP = {"helper": "tftp", "protocol": "udp", "port": 69}


def failure(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["NeutronError"]["type"]


@dataclass(frozen=True, slots=True)
class Helpers:
    """The conntrack helpers of a router."""

    api: Callers
    path: str

    def create(self, **values: Any) -> Any:
        return self.api.request("POST", self.path, json={"conntrack_helper": values})


@pytest.fixture
def helpers(api: Callers) -> Helpers:
    router = api.ok("POST", f"{V2}/routers", json={"router": {}})["router"]
    return Helpers(api, f"{V2}/routers/{router['id']}/conntrack_helpers")


def test_a_helper_is_created_changed_and_deleted(api: Callers, helpers: Helpers) -> None:
    created = helpers.create(**TFTP).json()["conntrack_helper"]
    assert created == {**TFTP, "id": created["id"]}
    router_path = helpers.path.removesuffix("/conntrack_helpers")
    assert api.ok("GET", router_path)["router"]["conntrack_helpers"] == [TFTP]
    item = f"{helpers.path}/{created['id']}"
    body = {"conntrack_helper": {"port": 70}}
    assert api.ok("PUT", item, json=body)["conntrack_helper"]["port"] == 70
    assert api.ok("GET", f"{helpers.path}?port=70")["conntrack_helpers"] == [{**created, "port": 70}]
    assert failure(api.request("GET", item, "blue")) == (404, "RouterNotFound")
    assert failure(api.request("PUT", item, "green-reader", json=body))[0] == 403
    api.ok("DELETE", item)
    assert failure(api.request("GET", item)) == (404, "ConntrackHelperNotFound")
    helpers.create(**TFTP)
    api.ok("DELETE", router_path)


def test_helpers_are_those_that_are_allowed(api: Callers, helpers: Helpers) -> None:
    created = helpers.create(**TFTP).json()["conntrack_helper"]
    again = helpers.create(**TFTP)
    assert failure(again) == (400, "BadRequest")
    assert "A duplicate conntrack helper entry" in again.json()["NeutronError"]["message"]
    assert failure(helpers.create(**{**TFTP, "helper": "gopher"})) == (400, "ConntrackHelperNotAllowed")
    wrong = helpers.create(**{**TFTP, "helper": "sip", "protocol": "sctp"})
    assert wrong.json()["NeutronError"] == {
        "type": "InvalidProtocolForHelper",
        "message": "Conntrack Helper sip does not support: sctp. Supported protocols are: udp, tcp",
        "detail": "",
    }
    body = {"conntrack_helper": {"protocol": "tcp"}}
    changed = api.request("PUT", f"{helpers.path}/{created['id']}", json=body)
    assert failure(changed) == (400, "InvalidProtocolForHelper")
    assert helpers.create(**{**TFTP, "port": 0}).status_code == 400
    unknown = f"{V2}/routers/x/conntrack_helpers"
    assert failure(api.request("GET", unknown)) == (404, "RouterNotFound")


def create_proxy(api: Callers, ipv6: Ipv6Router, **values: Any) -> Any:
    body = {"router_id": ipv6.router_id, "port_id": ipv6.port["id"], **values}
    return api.request("POST", f"{V2}/ndp_proxies", json={"ndp_proxy": body})


def test_a_proxy_announces_the_address_of_a_port(api: Callers) -> None:
    ipv6 = create_ipv6_router(api)
    path = f"{V2}/routers/{ipv6.router_id}"
    assert api.ok("GET", path)["router"]["enable_ndp_proxy"] is True
    network = api.ok("GET", f"{V2}/networks/{ipv6.port['network_id']}")["network"]
    assert (network["ipv4_address_scope"], network["ipv6_address_scope"]) == (None, ipv6.scope_id)
    created = create_proxy(api, ipv6, name="p").json()["ndp_proxy"]
    assert created["ip_address"] == ipv6.port["fixed_ips"][0]["ip_address"]
    item = f"{V2}/ndp_proxies/{created['id']}"
    assert api.ok("PUT", item, json={"ndp_proxy": {"description": "d"}})["ndp_proxy"]["description"] == "d"
    assert len(api.ok("GET", f"{V2}/ndp_proxies?router_id={ipv6.router_id}")["ndp_proxies"]) == 1
    assert failure(api.request("GET", item, "blue")) == (404, "NDPProxyNotFound")
    unset = api.request("PUT", path, json={"router": {"external_gateway_info": None}})
    assert failure(unset) == (409, "RouterGatewayInUseByNDPProxy")
    interface = {"subnet_id": ipv6.port["fixed_ips"][0]["subnet_id"]}
    removed = api.request("PUT", f"{path}/remove_router_interface", json=interface)
    assert failure(removed) == (409, "RouterInterfaceInUseByNDPProxy")
    api.ok("DELETE", item)
    api.ok("PUT", f"{path}/remove_router_interface", json=interface)
    router = api.ok("PUT", path, json={"router": {"external_gateway_info": None}})["router"]
    assert router["enable_ndp_proxy"] is False


def test_a_proxy_is_deleted_with_its_port(api: Callers) -> None:
    ipv6 = create_ipv6_router(api)
    assert create_proxy(api, ipv6).status_code == 201
    api.ok("DELETE", f"{V2}/ports/{ipv6.port['id']}")
    assert api.ok("GET", f"{V2}/ndp_proxies")["ndp_proxies"] == []


def test_requests_for_proxies_are_checked(api: Callers, port: Json) -> None:
    ipv6 = create_ipv6_router(api)
    unreachable = create_proxy(api, ipv6, port_id=port["id"])
    assert failure(unreachable) == (409, "PortUnreachableRouter")
    assert failure(create_proxy(api, ipv6, ip_address="2001:db8::dead")) == (400, "InvalidAddress")
    assert failure(create_proxy(api, ipv6, ip_address="x")) == (400, "BadRequest")
    assert failure(create_proxy(api, ipv6, port_id="x")) == (404, "PortNotFound")
    subnet_id = port["fixed_ips"][0]["subnet_id"]
    path = f"{V2}/routers/{ipv6.router_id}"
    api.ok("PUT", f"{path}/add_router_interface", json={"subnet_id": subnet_id})
    only_ipv4 = create_proxy(api, ipv6, port_id=port["id"])
    assert failure(only_ipv4) == (400, "BadRequest")
    assert "must allocate one IPv6 address" in only_ipv4.json()["NeutronError"]["message"]
    body = {"network_id": port["network_id"], "ip_version": 6, "cidr": "2001:db8:9::/64"}
    other = api.ok("POST", f"{V2}/subnets", json={"subnet": body})["subnet"]
    api.ok("PUT", f"{path}/add_router_interface", json={"subnet_id": other["id"]})
    second = api.ok("POST", f"{V2}/ports", json={"port": {"network_id": port["network_id"]}})["port"]
    assert failure(create_proxy(api, ipv6, port_id=second["id"])) == (409, "AddressScopeConflict")
    api.ok("PUT", path, json={"router": {"enable_ndp_proxy": False}})
    assert failure(create_proxy(api, ipv6)) == (409, "RouterNDPProxyNotEnable")


def test_proxies_need_an_ipv6_gateway(api: Callers, subnet: Json) -> None:
    body: Json = {"enable_ndp_proxy": True}
    path = f"{V2}/routers"
    assert failure(api.request("POST", path, json={"router": body})) == (409, "RouterGatewayNotValid")
    network = {"network": {"router:external": True}}
    external = api.ok("POST", f"{V2}/networks", "admin", json=network)["network"]
    only_ipv4 = {"network_id": external["id"], "ip_version": 4, "cidr": "203.0.113.0/28"}
    api.ok("POST", f"{V2}/subnets", "admin", json={"subnet": only_ipv4})
    gateway = {"external_gateway_info": {"network_id": external["id"]}}
    assert failure(api.request("POST", path, json={"router": {**body, **gateway}})) == (409, "RouterGatewayNotValid")
    router = api.ok("POST", path, json={"router": gateway})["router"]
    assert router["enable_ndp_proxy"] is False
    item = f"{path}/{router['id']}"
    assert failure(api.request("PUT", item, json={"router": body})) == (409, "RouterGatewayNotValid")
    both = {"router": {**body, "external_gateway_info": None}}
    assert failure(api.request("PUT", item, json=both)) == (409, "RouterGatewayNotValid")
    ipv6 = create_ipv6_router(api)
    moved = api.request("PUT", f"{path}/{ipv6.router_id}", json={"router": gateway})
    assert failure(moved) == (409, "RouterIPv6GatewayInUse")


def test_the_cloud_applies_helpers_and_proxies_with_the_router(api: Callers) -> None:
    cloud_id = bind(api.harness, api.projects["green"])
    ipv6 = create_ipv6_router(api)
    proxy = create_proxy(api, ipv6).json()["ndp_proxy"]
    Helpers(api, f"{V2}/routers/{ipv6.router_id}/conntrack_helpers").create(**TFTP)
    run_worker(api.harness)
    properties = list_properties(api.harness, cloud_id)[ipv6.router_id]
    assert properties["ndp_proxies"] == [proxy["ip_address"]]
    assert properties["conntrack_helpers"] == [TFTP]
    api.ok("DELETE", f"{V2}/ndp_proxies/{proxy['id']}")
    run_worker(api.harness)
    assert list_properties(api.harness, cloud_id)[ipv6.router_id]["ndp_proxies"] == []


def test_a_cloud_refuses_what_it_cannot_do(api: Callers, helpers: Helpers, monkeypatch: pytest.MonkeyPatch) -> None:
    bind(api.harness, api.projects["green"])
    monkeypatch.setattr("stratiform.contract.registry.find_routing_check", lambda _kind: check_routing)
    response = helpers.create(**TFTP)
    assert response.status_code == 501
    message = response.json()["NeutronError"]["message"]
    assert message == "Cloud memory: AWS route tables have no conntrack helpers."
    assert api.ok("GET", helpers.path)["conntrack_helpers"] == []
