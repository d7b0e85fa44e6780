"""The metadata service, as Neutron's metadata agent calls it for a guest."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from stratiform.interfaces.metadata.settings import MetadataSettings
from support.callers import open_callers
from support.compute_api import ComputeApi
from support.servers import with_servers
from support.stacks import ServiceHarness

SECRET = "shared secret"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGcG2NmdQ2ZzN0Vw3yl0vcG+vX8Q6Ql8uZr0n0h1s4pJ web"


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[ComputeApi]:
    with open_callers(service_harness) as callers:
        servers = with_servers(service_harness, (callers.projects["green"], callers.projects["blue"]))
        before = callers.client.app.state.metadata
        callers.client.app.state.metadata = MetadataSettings(SECRET)
        yield ComputeApi(callers, servers)
        callers.client.app.state.metadata = before


def sign(server_id: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), server_id.encode(), hashlib.sha256).hexdigest()


def request(api: ComputeApi, server_id: str, path: str, method: str = "GET", **options: Any) -> httpx.Response:
    headers = {
        "X-Instance-ID": server_id,
        "X-Tenant-ID": api.callers.projects["green"],
        "X-Instance-ID-Signature": sign(server_id),
        "X-Forwarded-For": "10.0.0.3",
        **options.pop("headers", {}),
    }
    return api.callers.client.request(method, f"/metadata{path}", headers=headers, **options)


async def send_repeated(api: ComputeApi, headers: list[tuple[str, str]]) -> httpx.Response:
    """Send repeated headers, which the client of other tests would merge."""
    transport = httpx.ASGITransport(api.callers.client.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8780") as client:
        return await client.get("/metadata/latest", headers=headers)


def create_server(api: ComputeApi, **fields: Any) -> str:
    api.ok("POST", "/os-keypairs", {"keypair": {"name": "laptop", "public_key": PUBLIC_KEY}})
    return api.create_active(
        key_name="laptop", user_data="I2Nsb3VkLWNvbmZpZwo=", metadata={"role": "web"}, hostname="web", **fields
    )


def test_openstack_format(api: ComputeApi) -> None:
    server_id = create_server(api, microversion=90)
    versions = request(api, server_id, "/openstack").text.split("\n")
    assert (versions[0], versions[-2:]) == ("2012-08-10", ["2020-10-14", "latest"])
    assert request(api, server_id, "/openstack/2012-08-10/").text.split("\n") == ["meta_data.json", "user_data"]
    assert request(api, server_id, "/openstack/latest").text.split("\n") == [
        "meta_data.json",
        "network_data.json",
        "password",
        "user_data",
        "vendor_data.json",
        "vendor_data2.json",
    ]
    meta = request(api, server_id, "/openstack/latest/meta_data.json").json()
    seed = meta.pop("random_seed")
    assert len(seed) > 600
    assert meta == {
        "uuid": server_id,
        "meta": {"role": "web"},
        "public_keys": {"laptop": PUBLIC_KEY},
        "keys": [{"name": "laptop", "type": "ssh", "data": PUBLIC_KEY}],
        "hostname": "web.novalocal",
        "name": "web",
        "launch_index": 0,
        "availability_zone": "zone-a",
        "project_id": api.callers.projects["green"],
        "devices": [],
        "dedicated_cpus": [],
    }
    assert "project_id" not in request(api, server_id, "/openstack/2013-10-17/meta_data.json").json()
    assert request(api, server_id, "/openstack/latest/user_data").text == "#cloud-config\n"
    assert request(api, server_id, "/openstack/latest/vendor_data.json").json() == {}
    assert request(api, server_id, "/openstack/latest/vendor_data2.json").json() == {"static": {}}
    assert request(api, server_id, "/openstack/2013-04-04/vendor_data.json").status_code == 404
    assert request(api, server_id, "/openstack/2030-01-01/meta_data.json").status_code == 404


def test_network_data(api: ComputeApi) -> None:
    server_id = create_server(api, microversion=90)
    port = api.callers.ok("GET", f"/network/v2.0/ports?device_id={server_id}")["ports"][0]
    subnet_id = port["fixed_ips"][0]["subnet_id"]
    body = {"subnet": {"dns_nameservers": ["192.0.2.53"], "enable_dhcp": False}}
    subnet = api.callers.ok("PUT", f"/network/v2.0/subnets/{subnet_id}", json=body)["subnet"]
    data = request(api, server_id, "/openstack/latest/network_data.json").json()
    link = data["links"][0]
    assert (link["vif_id"], link["ethernet_mac_address"], link["mtu"]) == (port["id"], port["mac_address"], 1500)
    network = data["networks"][0]
    assert (network["type"], network["link"], network["network_id"]) == ("ipv4", link["id"], port["network_id"])
    assert network["ip_address"] == port["fixed_ips"][0]["ip_address"]
    assert network["routes"] == [{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": subnet["gateway_ip"]}]
    assert data["services"] == [{"type": "dns", "address": "192.0.2.53"}]
    api.callers.ok("PUT", f"/network/v2.0/subnets/{subnet_id}", json={"subnet": {"enable_dhcp": True}})
    with_dhcp = request(api, server_id, "/openstack/latest/network_data.json").json()["networks"][0]
    assert (with_dhcp["type"], "ip_address" in with_dhcp) == ("ipv4_dhcp", False)


def test_ec2_format(api: ComputeApi) -> None:
    server_id = create_server(api, microversion=90)
    port = api.callers.ok("GET", f"/network/v2.0/ports?device_id={server_id}")["ports"][0]
    assert request(api, server_id, "/").text.split("\n")[-2:] == ["2009-04-04", "latest"]
    assert request(api, server_id, "/2009-04-04/").text == "meta-data/\nuser-data"
    names = request(api, server_id, "/latest/meta-data/").text.split("\n")
    assert {"ami-id", "block-device-mapping/", "instance-id", "placement/", "public-keys/"} <= set(names)
    items = {
        "instance-id": f"i-{server_id.replace('-', '')}",
        "local-ipv4": port["fixed_ips"][0]["ip_address"],
        "local-hostname": "web.novalocal",
        "placement/availability-zone": "zone-a",
        "public-keys/": "0=laptop",
        "public-keys/0/": "openssh-key",
        "public-keys/0/openssh-key": PUBLIC_KEY,
        "security-groups": "default",
        "block-device-mapping/root": "/dev/vda",
        "instance-type": "m1.tiny",
        "public-ipv4": "",
    }
    for path, expected in items.items():
        assert request(api, server_id, f"/latest/meta-data/{path}").text == expected, path
    assert request(api, server_id, "/latest/user-data").text == "#cloud-config\n"
    assert request(api, server_id, "/ec2/latest/meta-data/instance-type").text == "m1.tiny"
    assert "placement/" not in request(api, server_id, "/1.0/meta-data").text
    assert request(api, server_id, "/latest/meta-data/unknown").status_code == 404


def test_password_of_the_guest(api: ComputeApi) -> None:
    server_id = create_server(api, microversion=90)
    path = "/openstack/2013-10-17/password"
    assert request(api, server_id, path).text == ""
    assert request(api, server_id, path, "POST", content=b"x" * 1021).status_code == 400
    assert request(api, server_id, path, "POST", content=b"c2VjcmV0").status_code == 200
    assert request(api, server_id, path, "POST", content=b"b3RoZXI=").status_code == 409
    assert request(api, server_id, path).text == "c2VjcmV0"
    password_path = f"/servers/{server_id}/os-server-password"
    assert api.ok("GET", password_path) == {"password": "c2VjcmV0"}
    assert api("GET", password_path, caller="blue").status_code == 404
    assert api("DELETE", password_path).status_code == 204
    assert api.ok("GET", password_path) == {"password": ""}
    assert request(api, server_id, "/openstack/2012-08-10/password", "POST", content=b"x").status_code == 404


def test_requests_without_a_valid_signature_are_refused(api: ComputeApi) -> None:
    server_id = create_server(api, microversion=90)
    path = "/openstack/latest/meta_data.json"
    for signature in ("", "0" * 64, sign(server_id, "other"), sign("other"), "é"):
        headers = {"X-Instance-ID-Signature": signature.encode()}
        assert request(api, server_id, path, headers=headers).status_code == 403, signature
    api.callers.client.app.state.metadata = MetadataSettings("")
    response = request(api, server_id, path, headers={"X-Instance-ID-Signature": sign(server_id, "")})
    assert (response.status_code, "Invalid proxy request signature." in response.text) == (403, True)


@pytest.mark.parametrize("name", ["X-Instance-ID", "X-Tenant-ID", "X-Instance-ID-Signature"])
def test_every_header_is_required_once(api: ComputeApi, name: str) -> None:
    complete = {"X-Instance-ID": "i", "X-Tenant-ID": "t", "X-Instance-ID-Signature": sign("i")}
    missing = {key: value for key, value in complete.items() if key != name}
    response = api.callers.client.get("/metadata/latest", headers=missing)
    assert (response.status_code, f"{name} header is missing from request." in response.text) == (400, True)
    repeated = asyncio.run(send_repeated(api, [*complete.items(), (name, "i")]))
    assert (repeated.status_code, f"Multiple {name} headers" in repeated.text) == (400, True)


def test_unknown_servers_and_other_projects_are_not_found(api: ComputeApi) -> None:
    server_id = create_server(api, microversion=90)
    assert request(api, "00000000-0000-4000-8000-00000000dead", "/latest").status_code == 404
    other = {"X-Tenant-ID": api.callers.projects["blue"]}
    assert request(api, server_id, "/latest", headers=other).status_code == 404
    api("DELETE", f"/servers/{server_id}")
    api.servers.run_worker(2)
    assert request(api, server_id, "/latest").status_code == 404


def test_json_is_encoded_as_in_nova(api: ComputeApi) -> None:
    server_id = create_server(api, microversion=90)
    response = request(api, server_id, "/openstack/latest/vendor_data2.json")
    assert (response.text, response.headers["Content-Type"]) == (json.dumps({"static": {}}), "application/json")
