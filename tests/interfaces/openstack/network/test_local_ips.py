"""Local IPs and their associations with ports, in the API and in the simulated cloud."""

from typing import Any

import pytest

from interfaces.openstack.network.conftest import V2
from stratiform.connectors.aws.routing_limits import check_routing
from support.callers import Callers
from support.network_clouds import bind, list_properties, run_worker

Json = dict[str, Any]
PATH = f"{V2}/local_ips"


def failure(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["NeutronError"]["type"]


def create(api: Callers, **values: Any) -> Any:
    return api.request("POST", PATH, json={"local_ip": values})


def associate(api: Callers, local_ip: Json, port_id: str, **values: Any) -> Any:
    body = {"port_association": {"fixed_port_id": port_id, **values}}
    return api.request("POST", f"{PATH}/{local_ip['id']}/port_associations", json=body)


def create_port(api: Callers, subnet: Json, **values: Any) -> Json:
    body = {"port": {"network_id": subnet["network_id"], **values}}
    return dict(api.ok("POST", f"{V2}/ports", json=body)["port"])


@pytest.fixture
def local_ip(api: Callers, subnet: Json) -> Json:
    return dict(create(api, network_id=subnet["network_id"], name="l").json()["local_ip"])


def test_the_address_is_that_of_a_new_port(api: Callers, subnet: Json, local_ip: Json) -> None:
    port = api.ok("GET", f"{V2}/ports/{local_ip['local_port_id']}")["port"]
    assert (port["device_owner"], port["device_id"]) == ("network:local_ip", local_ip["id"])
    assert [fixed_ip["ip_address"] for fixed_ip in port["fixed_ips"]] == [local_ip["local_ip_address"]]
    assert (local_ip["network_id"], local_ip["ip_mode"]) == (subnet["network_id"], "translate")
    assert failure(api.request("DELETE", f"{V2}/ports/{port['id']}")) == (409, "ServicePortInUse")
    item = f"{PATH}/{local_ip['id']}"
    assert api.ok("PUT", item, json={"local_ip": {"description": "d"}})["local_ip"]["description"] == "d"
    assert [listed["id"] for listed in api.ok("GET", f"{PATH}?name=l")["local_ips"]] == [local_ip["id"]]
    assert failure(api.request("GET", item, "blue")) == (404, "LocalIPNotFound")
    api.ok("DELETE", item)
    assert api.request("GET", f"{V2}/ports/{port['id']}").status_code == 404


def test_the_address_of_an_existing_port_is_used(api: Callers, subnet: Json, port: Json) -> None:
    address = port["fixed_ips"][0]["ip_address"]
    local_ip = create(api, local_port_id=port["id"], local_ip_address=address, ip_mode="passthrough").json()["local_ip"]
    assert (local_ip["local_ip_address"], local_ip["ip_mode"]) == (address, "passthrough")
    api.ok("DELETE", f"{PATH}/{local_ip['id']}")
    api.ok("DELETE", f"{V2}/ports/{port['id']}")
    chosen = create(api, network_id=subnet["network_id"], local_ip_address="192.0.2.9")
    assert chosen.json()["local_ip"]["local_ip_address"] == "192.0.2.9"


def test_requests_for_local_ips_are_checked(api: Callers, network: Json, subnet: Json) -> None:
    assert failure(create(api)) == (400, "LocalIPPortOrNetworkRequired")
    assert failure(create(api, local_port_id="x")) == (400, "BadRequest")
    assert failure(create(api, network_id="x")) == (404, "NetworkNotFound")
    without_subnet = api.ok("POST", f"{V2}/networks", json={"network": {}})["network"]
    assert failure(create(api, network_id=without_subnet["id"])) == (400, "BadRequest")
    taken = create(api, network_id=network["id"], local_ip_address=subnet["gateway_ip"])
    assert taken.status_code == 201, "no port has the gateway's address"
    assert failure(create(api, network_id=network["id"], local_ip_address="10.0.0.1")) == (400, "InvalidIpForNetwork")
    empty = create_port(api, subnet, fixed_ips=[])
    assert failure(create(api, local_port_id=empty["id"])) == (400, "LocalIPNoIP")
    double = create_port(api, subnet, fixed_ips=[{"subnet_id": subnet["id"]}] * 2)
    assert failure(create(api, local_port_id=double["id"])) == (400, "LocalIPNoRequestedIP")
    other = create(api, local_port_id=double["id"], local_ip_address="192.0.2.14")
    assert failure(other) == (400, "LocalIPRequestedIPNotFound")


def test_ports_are_associated(api: Callers, local_ip: Json, port: Json) -> None:
    created = associate(api, local_ip, port["id"])
    expected = {
        "fixed_port_id": port["id"],
        "fixed_ip": port["fixed_ips"][0]["ip_address"],
        "local_ip_address": local_ip["local_ip_address"],
        "host": "",
    }
    assert created.json()["port_association"] == expected
    assert failure(associate(api, local_ip, port["id"])) == (409, "Conflict")
    assert failure(associate(api, local_ip, "x")) == (400, "BadRequest")
    path = f"{PATH}/{local_ip['id']}/port_associations"
    assert api.ok("GET", f"{path}?fixed_port_id={port['id']}")["port_associations"] == [expected]
    assert api.ok("GET", f"{path}?fixed_port_id=x")["port_associations"] == []
    assert api.ok("GET", f"{path}/{port['id']}?fields=host")["port_association"] == {"host": ""}
    assert failure(api.request("GET", path, "blue")) == (404, "LocalIPNotFound")
    assert failure(api.request("DELETE", f"{PATH}/{local_ip['id']}")) == (409, "LocalIPInUse")
    api.ok("DELETE", f"{path}/{port['id']}")
    repeated = api.request("DELETE", f"{path}/{port['id']}")
    assert repeated.json()["NeutronError"]["message"] == (
        f"Local IP {local_ip['id']} association with port {port['id']} could not be found."
    )
    api.ok("DELETE", f"{PATH}/{local_ip['id']}")


def test_the_cloud_applies_local_ips(api: Callers, subnet: Json) -> None:
    cloud_id = bind(api.harness, api.projects["green"])
    local_ip = create(api, network_id=subnet["network_id"]).json()["local_ip"]
    port = create_port(api, subnet)
    associate(api, local_ip, port["id"])
    run_worker(api.harness)
    target = {"fixed_address": port["fixed_ips"][0]["ip_address"], "network_id": subnet["network_id"]}
    assert list_properties(api.harness, cloud_id)[local_ip["id"]] == {
        "address": local_ip["local_ip_address"],
        "network_id": subnet["network_id"],
        "ip_mode": "translate",
        "targets": [target],
    }
    api.ok("DELETE", f"{V2}/ports/{port['id']}")
    run_worker(api.harness)
    assert list_properties(api.harness, cloud_id)[local_ip["id"]]["targets"] == []
    api.ok("DELETE", f"{PATH}/{local_ip['id']}")
    run_worker(api.harness)
    assert local_ip["id"] not in list_properties(api.harness, cloud_id)


def test_a_cloud_without_local_ips_refuses_them(api: Callers, subnet: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    bind(api.harness, api.projects["green"])
    monkeypatch.setattr("stratiform.contract.registry.find_routing_check", lambda _kind: check_routing)
    response = create(api, network_id=subnet["network_id"])
    assert response.status_code == 501
    message = response.json()["NeutronError"]["message"]
    assert message == "Cloud memory: AWS has no addresses that are local to a host."
    assert api.ok("GET", f"{V2}/ports?device_owner=network:local_ip")["ports"] == []
