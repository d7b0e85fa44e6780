"""`GET /servers/detail`, whose items are kept as JSON: they follow every change, microversion and caller."""

from typing import Any

import pytest

from support.compute_api import ComputeApi


def list_one(api: ComputeApi, **options: Any) -> Any:
    path = "/servers/detail?all_tenants=1" if options.get("caller") == "admin" else "/servers/detail"
    return api.ok("GET", path, **options)["servers"][0]


@pytest.mark.parametrize("microversion", [1, 26, 90])
def test_an_item_is_the_server(api: ComputeApi, microversion: int) -> None:
    server_id = api.create_active()
    for _ in range(2):
        item = list_one(api, microversion=microversion)
        server = api.ok("GET", f"/servers/{server_id}", microversion=microversion)["server"]
        assert item == {name: server[name] for name in server if name != "server_groups"}


def test_each_caller_sees_its_own_fields(api: ComputeApi) -> None:
    api.create_active()
    for _ in range(2):
        assert "OS-EXT-SRV-ATTR:host" not in list_one(api)
        assert "OS-EXT-SRV-ATTR:host" in list_one(api, caller="admin")
        assert "locked" not in list_one(api)
        assert list_one(api, microversion=9)["locked"] is False


def test_an_item_follows_the_server_and_its_ports(api: ComputeApi) -> None:
    server_id = api.create_active()
    before = list_one(api)
    api.ok("PUT", f"/servers/{server_id}", {"server": {"name": "renamed"}})
    api.ok("POST", f"/servers/{server_id}/metadata", {"metadata": {"a": "b"}})
    after = list_one(api)
    assert (after["name"], after["metadata"]) == ("renamed", {"a": "b"})
    assert after["addresses"] == before["addresses"]
    port_id = api.ok("GET", f"/servers/{server_id}/os-interface")["interfaceAttachments"][0]["port_id"]
    api.callers.ok("PUT", f"/network/v2.0/ports/{port_id}", "green", json={"port": {"fixed_ips": []}})
    assert list_one(api)["addresses"] == {}
