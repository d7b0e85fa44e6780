"""Routers, their interfaces, gateways and routes; floating IPs and port forwardings."""

from typing import Any

import pytest

from stratiform.kit import outbox
from support.callers import Callers

V2 = "/network/v2.0"
Json = dict[str, Any]


def failure(response: Any) -> tuple[int, str]:
    """Return the status and the type of an error."""
    return response.status_code, response.json()["NeutronError"]["type"]


def create_subnet(api: Callers, network: Json, cidr: str, caller: str = "green", **attributes: Any) -> Json:
    body = {"network_id": network["id"], "ip_version": 4, "cidr": cidr, **attributes}
    return dict(api.ok("POST", f"{V2}/subnets", caller, json={"subnet": body})["subnet"])


def create_router(api: Callers, **attributes: Any) -> Json:
    return dict(api.ok("POST", f"{V2}/routers", json={"router": {"name": "r", **attributes}})["router"])


def create_port(api: Callers, network_id: str, **attributes: Any) -> Json:
    return dict(api.ok("POST", f"{V2}/ports", json={"port": {"network_id": network_id, **attributes}})["port"])


@pytest.fixture
def external(api: Callers) -> Json:
    """An external network of the operator, with a subnet."""
    body = {"network": {"name": "public", "router:external": True}}
    network = api.ok("POST", f"{V2}/networks", "admin", json=body)["network"]
    create_subnet(api, network, "203.0.113.0/28", "admin")
    return dict(network)


@pytest.fixture
def router(api: Callers, external: Json, subnet: Json) -> Json:
    """A router between the subnet and the external network."""
    router = create_router(api, external_gateway_info={"network_id": external["id"]})
    api.ok("PUT", f"{V2}/routers/{router['id']}/add_router_interface", json={"subnet_id": subnet["id"]})
    return router


def create_floating_ip(api: Callers, external: Json, **attributes: Any) -> Any:
    body = {"floatingip": {"floating_network_id": external["id"], **attributes}}
    return api.request("POST", f"{V2}/floatingips", json=body)


def test_external_network_is_visible_but_not_usable_for_ports(api: Callers, external: Json) -> None:
    assert api.ok("GET", f"{V2}/networks/{external['id']}")["network"]["router:external"] is True
    listed = api.ok("GET", f"{V2}/networks?router:external=true")["networks"]
    assert [network["id"] for network in listed] == [external["id"]]
    assert api.ok("GET", f"{V2}/subnets?network_id={external['id']}")["subnets"] == []
    response = api.request("POST", f"{V2}/ports", json={"port": {"network_id": external["id"]}})
    assert response.status_code == 403


def test_gateway_has_an_address_of_the_external_network(api: Callers, external: Json) -> None:
    router = create_router(api, external_gateway_info={"network_id": external["id"]})
    info = router["external_gateway_info"]
    assert (info["network_id"], info["enable_snat"]) == (external["id"], True)
    assert info["external_fixed_ips"][0]["ip_address"] == "203.0.113.2"
    [port] = api.ok("GET", f"{V2}/ports?device_id={router['id']}", "admin")["ports"]
    assert (port["device_owner"], port["project_id"]) == ("network:router_gateway", "")
    assert api.ok("GET", f"{V2}/ports?device_id={router['id']}")["ports"] == []
    path = f"{V2}/routers/{router['id']}"
    cleared = api.ok("PUT", path, json={"router": {"external_gateway_info": {}}})["router"]
    assert cleared["external_gateway_info"] is None
    assert api.ok("GET", f"{V2}/ports?device_id={router['id']}", "admin")["ports"] == []
    snat = {"external_gateway_info": {"network_id": external["id"], "enable_snat": False}}
    assert failure(api.request("PUT", path, json={"router": snat})) == (403, "PolicyNotAuthorized")
    assert (
        api.ok("PUT", path, "admin", json={"router": snat})["router"]["external_gateway_info"]["enable_snat"] is False
    )
    api.ok("DELETE", path)
    assert api.ok("GET", f"{V2}/ports?network_id={external['id']}", "admin")["ports"] == []


def test_update_of_external_gateways_replaces_them(api: Callers, external: Json) -> None:
    other = api.ok("POST", f"{V2}/networks", "admin", json={"network": {"router:external": True}})["network"]
    create_subnet(api, other, "198.51.100.0/28", "admin")
    path = f"{V2}/routers/{create_router(api)['id']}/update_external_gateways"

    def update(*network_ids: str) -> Any:
        gateways = [{"network_id": network_id} for network_id in network_ids]
        return api.request("PUT", path, json={"router": {"external_gateways": gateways}})

    for network_id in (external["id"], other["id"], other["id"]):
        assert update(network_id).json()["router"]["external_gateway_info"]["network_id"] == network_id
    assert failure(update(external["id"], other["id"])) == (400, "BadRequest")
    assert update().json()["router"]["external_gateway_info"] is None
    assert api.ok("GET", f"{V2}/ports?device_owner=network:router_gateway", "admin")["ports"] == []


def test_invalid_gateways(api: Callers, network: Json) -> None:
    for network_id, expected in (("none", (404, "NetworkNotFound")), (network["id"], (400, "BadRequest"))):
        body = {"router": {"external_gateway_info": {"network_id": network_id}}}
        assert failure(api.request("POST", f"{V2}/routers", json=body)) == expected
    assert api.ok("GET", f"{V2}/routers")["routers"] == []


def test_interfaces(api: Callers, network: Json, subnet: Json) -> None:
    router = create_router(api)
    path = f"{V2}/routers/{router['id']}"
    interface = api.ok("PUT", f"{path}/add_router_interface", json={"subnet_id": subnet["id"]})
    assert (interface["id"], interface["subnet_id"]) == (router["id"], subnet["id"])
    [port] = api.ok("GET", f"{V2}/ports?device_id={router['id']}")["ports"]
    assert (port["id"], port["device_owner"]) == (interface["port_id"], "network:router_interface")
    assert port["fixed_ips"] == [{"subnet_id": subnet["id"], "ip_address": subnet["gateway_ip"]}]
    assert failure(api.request("DELETE", f"{V2}/ports/{port['id']}")) == (409, "ServicePortInUse")
    assert failure(api.request("DELETE", path)) == (409, "RouterInUse")
    assert failure(api.request("DELETE", f"{V2}/subnets/{subnet['id']}")) == (409, "SubnetInUse")
    again = api.request("PUT", f"{path}/add_router_interface", json={"subnet_id": subnet["id"]})
    assert again.json()["NeutronError"]["message"] == (
        f"Bad router request: Router already has a port on subnet {subnet['id']}."
    )
    other = api.ok("POST", f"{V2}/networks", json={"network": {}})["network"]
    overlapping = create_subnet(api, other, "192.0.2.0/24")
    added = api.request("PUT", f"{path}/add_router_interface", json={"subnet_id": overlapping["id"]})
    assert failure(added) == (400, "BadRequest")
    for body in ({}, {"subnet_id": subnet["id"], "port_id": port["id"]}):
        assert failure(api.request("PUT", f"{path}/add_router_interface", json=body)) == (400, "BadRequest")
    removed = api.ok("PUT", f"{path}/remove_router_interface", json={"subnet_id": subnet["id"]})
    assert removed["port_id"] == port["id"]
    missing = api.request("PUT", f"{path}/remove_router_interface", json={"subnet_id": subnet["id"]})
    assert failure(missing) == (404, "RouterInterfaceNotFoundForSubnet")
    api.ok("DELETE", path)


def test_interface_by_port(api: Callers, subnet: Json, port: Json) -> None:
    router = create_router(api)
    path = f"{V2}/routers/{router['id']}"
    api.ok("PUT", f"{path}/add_router_interface", json={"port_id": port["id"]})
    again = api.request("PUT", f"{path}/add_router_interface", json={"port_id": port["id"]})
    assert failure(again) == (409, "PortInUse")
    api.ok("PUT", f"{path}/remove_router_interface", json={"port_id": port["id"]})
    missing = api.request("PUT", f"{path}/remove_router_interface", json={"port_id": port["id"]})
    assert failure(missing) == (404, "RouterInterfaceNotFound")


def test_routes(api: Callers, router: Json, subnet: Json) -> None:
    path = f"{V2}/routers/{router['id']}"
    route = {"destination": "10.9.0.0/16", "nexthop": "192.0.2.9"}
    updated = api.ok("PUT", path, json={"router": {"routes": [route]}})["router"]
    assert updated["routes"] == [route]
    for nexthop in ("198.51.100.1", subnet["gateway_ip"], "x"):
        body = {"router": {"routes": [{**route, "nexthop": nexthop}]}}
        assert failure(api.request("PUT", path, json=body)) == (400, "InvalidRoutes")
    used = api.request("PUT", f"{path}/remove_router_interface", json={"subnet_id": subnet["id"]})
    assert failure(used) == (409, "RouterInterfaceInUseByRoute")
    second = {"destination": "10.8.0.0/16", "nexthop": "192.0.2.8"}
    added = api.ok("PUT", f"{path}/add_extraroutes", json={"router": {"routes": [route, second]}})["router"]
    assert added["routes"] == [route, second]
    removed = api.ok("PUT", f"{path}/remove_extraroutes", json={"router": {"routes": [route]}})["router"]
    assert removed["routes"] == [second]
    assert api.ok("PUT", path, json={"router": {"routes": None}})["router"]["routes"] == []


def test_floating_ip_is_associated_and_disassociated(api: Callers, external: Json, router: Json, port: Json) -> None:
    floating_ip = create_floating_ip(api, external, port_id=port["id"]).json()["floatingip"]
    assert (floating_ip["router_id"], floating_ip["status"]) == (router["id"], "ACTIVE")
    assert floating_ip["fixed_ip_address"] == port["fixed_ips"][0]["ip_address"]
    assert floating_ip["floating_ip_address"].startswith("203.0.113.")
    assert floating_ip["port_details"]["mac_address"] == port["mac_address"]
    again = create_floating_ip(api, external, port_id=port["id"])
    assert failure(again) == (409, "FloatingIPPortAlreadyAssociated")
    gateway = api.request("PUT", f"{V2}/routers/{router['id']}", json={"router": {"external_gateway_info": None}})
    assert failure(gateway) == (409, "RouterExternalGatewayInUseByFloatingIp")
    path = f"{V2}/floatingips/{floating_ip['id']}"
    cleared = api.ok("PUT", path, json={"floatingip": {"port_id": None}})["floatingip"]
    assert (cleared["port_id"], cleared["router_id"], cleared["status"]) == (None, None, "DOWN")
    api.ok("PUT", path, json={"floatingip": {"port_id": port["id"]}})
    api.ok("DELETE", f"{V2}/ports/{port['id']}")
    assert api.ok("GET", path)["floatingip"]["port_id"] is None
    assert failure(api.request("GET", path, "blue")) == (404, "FloatingIPNotFound")
    assert failure(api.request("DELETE", path, "green-reader")) == (403, "PolicyNotAuthorized")
    api.ok("DELETE", path)
    ports = api.ok("GET", f"{V2}/ports?network_id={external['id']}", "admin")["ports"]
    assert [item["device_owner"] for item in ports] == ["network:router_gateway"]


def test_invalid_floating_ips(api: Callers, external: Json, network: Json, port: Json) -> None:
    body = {"floatingip": {"floating_network_id": network["id"]}}
    assert failure(api.request("POST", f"{V2}/floatingips", json=body)) == (400, "BadRequest")
    unreachable = create_floating_ip(api, external, port_id=port["id"])
    assert failure(unreachable) == (404, "ExternalGatewayForFloatingIPNotFound")
    assert failure(create_floating_ip(api, external, port_id="none")) == (404, "PortNotFound")
    chosen = create_floating_ip(api, external, floating_ip_address="203.0.113.9")
    assert failure(chosen) == (403, "PolicyNotAuthorized")
    assert api.ok("GET", f"{V2}/floatingips")["floatingips"] == []


def test_port_with_several_addresses(api: Callers, external: Json, router: Json, subnet: Json) -> None:
    port = create_port(api, subnet["network_id"], fixed_ips=[{"subnet_id": subnet["id"]}, {"subnet_id": subnet["id"]}])
    assert failure(create_floating_ip(api, external, port_id=port["id"])) == (400, "BadRequest")
    addresses = [fixed_ip["ip_address"] for fixed_ip in port["fixed_ips"]]
    for address in addresses:
        response = create_floating_ip(api, external, port_id=port["id"], fixed_ip_address=address)
        assert response.json()["floatingip"]["fixed_ip_address"] == address


def test_port_forwardings(api: Callers, external: Json, router: Json, port: Json) -> None:
    floating_ip = create_floating_ip(api, external).json()["floatingip"]
    path = f"{V2}/floatingips/{floating_ip['id']}/port_forwardings"
    values = {
        "internal_port_id": port["id"],
        "internal_ip_address": port["fixed_ips"][0]["ip_address"],
        "internal_port": 80,
        "external_port": "8080",
        "protocol": "tcp",
    }
    created = api.ok("POST", path, json={"port_forwarding": values})["port_forwarding"]
    assert created == {"id": created["id"], "description": "", **values, "external_port": 8080}
    again = api.request("POST", path, json={"port_forwarding": values})
    assert failure(again) == (409, "PortForwardingExists")
    with_forwarding = api.ok("GET", f"{V2}/floatingips/{floating_ip['id']}")["floatingip"]
    assert (with_forwarding["router_id"], len(with_forwarding["port_forwardings"])) == (router["id"], 1)
    associated = {"floatingip": {"port_id": port["id"]}}
    response = api.request("PUT", f"{V2}/floatingips/{floating_ip['id']}", json=associated)
    assert failure(response) == (409, "FipInUseByPortForwarding")
    item = f"{path}/{created['id']}"
    assert (
        api.ok("PUT", item, json={"port_forwarding": {"external_port": 81}})["port_forwarding"]["external_port"] == 81
    )
    assert failure(api.request("GET", item, "blue")) == (404, "FloatingIPNotFound")
    other = create_floating_ip(api, external).json()["floatingip"]
    wrong = api.request("GET", f"{V2}/floatingips/{other['id']}/port_forwardings/{created['id']}")
    assert failure(wrong) == (404, "PortForwardingNotFound")
    api.ok("DELETE", item)
    assert api.ok("GET", f"{V2}/floatingips/{floating_ip['id']}")["floatingip"]["router_id"] is None


def test_changes_reach_the_ledger(api: Callers, external: Json, router: Json, port: Json) -> None:
    floating_ip = create_floating_ip(api, external, port_id=port["id"]).json()["floatingip"]
    api.ok("DELETE", f"{V2}/floatingips/{floating_ip['id']}")
    with api.harness.services.database.read_transaction() as db:
        pending = outbox.list_pending_events(db, 100)
    events = [event for event in pending if event.event_type.split(".")[0] in ("router", "floatingip")]
    assert [event.event_type for event in events] == [
        "router.create.end",
        "router.interface.create",
        "floatingip.create.end",
        "floatingip.delete.end",
    ]
    assert events[2].payload["floatingip"] == floating_ip
    assert events[3].payload["floatingip_id"] == floating_ip["id"]
