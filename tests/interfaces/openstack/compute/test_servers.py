"""`/servers`."""

import base64
from typing import Any

import pytest
from sqlalchemy import event

from stratiform.kit.clock import HOUR_US, format_iso_naive
from support.compute_api import ComputeApi
from support.money import PLAN, machine


def test_create_response(api: ComputeApi) -> None:
    response = api("POST", "/servers", api.server_body())
    assert response.status_code == 202
    server = response.json()["server"]
    assert set(server) == {"id", "links", "OS-DCF:diskConfig", "security_groups", "adminPass"}
    assert response.headers["Location"].endswith(f"/compute/v2.1/servers/{server['id']}")
    reservation = api.ok("POST", "/servers", api.server_body(min_count=2, return_reservation_id=True))
    assert list(reservation) == ["reservation_id"]


def test_show_at_first_microversion(api: ComputeApi) -> None:
    server = api.ok("GET", f"/servers/{api.create_active(metadata={'k': 'v'})}")["server"]
    assert (server["status"], server["progress"], server["OS-EXT-STS:vm_state"]) == ("ACTIVE", 100, "active")
    assert (server["OS-EXT-STS:task_state"], server["OS-EXT-STS:power_state"]) == (None, 1)
    assert server["OS-EXT-AZ:availability_zone"] == "zone-a"
    assert server["flavor"]["id"] == "1"
    assert server["image"]["id"] == api.servers.image_id
    (address,) = server["addresses"]["private"]
    assert (address["version"], address["OS-EXT-IPS:type"]) == (4, "fixed")
    assert address["OS-EXT-IPS-MAC:mac_addr"].startswith("fa:16:3e")
    assert server["OS-SRV-USG:launched_at"].startswith("2026-")
    assert server["OS-SRV-USG:terminated_at"] is None
    assert server["created"].endswith("Z")
    assert len(server["hostId"]) == 56
    assert not {key for key in server if key.startswith("OS-EXT-SRV-ATTR")}
    assert not {"locked", "description", "tags"} & set(server)


@pytest.mark.parametrize(
    ("microversion", "field"),
    [
        (9, "locked"),
        (19, "description"),
        (26, "tags"),
        (63, "trusted_image_certificates"),
        (71, "server_groups"),
        (73, "locked_reason"),
        (90, "OS-EXT-SRV-ATTR:hostname"),
    ],
)
def test_fields_that_microversions_add(api: ComputeApi, microversion: int, field: str) -> None:
    server_id = api.create_active()
    assert field not in api.ok("GET", f"/servers/{server_id}", microversion=microversion - 1)["server"]
    assert field in api.ok("GET", f"/servers/{server_id}", microversion=microversion)["server"]


def test_flavor_is_embedded_since_2_47(api: ComputeApi) -> None:
    flavor = api.ok("GET", f"/servers/{api.create_active()}", microversion=47)["server"]["flavor"]
    assert (flavor["original_name"], flavor["ram"], flavor["extra_specs"]) == ("m1.tiny", 512, {})


def test_operators_see_host_attributes(api: ComputeApi) -> None:
    server_id = api.create_active(user_data=base64.b64encode(b"x").decode())
    server = api.ok("GET", f"/servers/{server_id}", caller="admin", microversion=16)["server"]
    assert server["OS-EXT-SRV-ATTR:host"] == "sim"
    assert server["OS-EXT-SRV-ATTR:user_data"] == base64.b64encode(b"x").decode()
    assert server["host_status"] == "UP"


@pytest.mark.parametrize(
    ("microversion", "fields", "message"),
    [
        (1, {"name": ""}, "name"),
        (1, {"name": 5}, "name"),
        (1, {"flavorRef": "99"}, "Flavor 99 could not be found."),
        (1, {"imageRef": ""}, "imageRef"),
        (1, {"colour": "red"}, "Additional properties are not allowed ('colour' was unexpected)"),
        (1, {"user_data": "%%%"}, "base64"),
        (1, {"min_count": 0}, "min_count"),
        (1, {"min_count": 3, "max_count": 2}, "min_count must be <= max_count"),
        (1, {"metadata": {"k": "v" * 256}}, "metadata"),
        (1, {"key_name": "none"}, "Invalid key_name provided."),
        (1, {"networks": "auto"}, "networks"),
        (1, {"networks": [{}]}, "networks"),
        (1, {"availability_zone": "moon"}, "The requested availability zone is not available"),
        (1, {"description": "x"}, "description"),
        (1, {"accessIPv4": "::1"}, "accessIPv4"),
        (51, {"tags": ["x"]}, "tags"),
        (52, {"tags": ["a,b"]}, "tags"),
        (57, {"personality": []}, "personality"),
        (1, {"personality": [{"path": "/etc/motd", "contents": "aGVsbG8="}]}, "Injecting files (personality)"),
        (90, {"hostname": "no spaces"}, "hostname"),
        (
            1,
            {"block_device_mapping_v2": [{"boot_index": 0, "source_type": "volume", "uuid": "v"}]},
            "failed to get volume v.",
        ),
    ],
)
def test_create_rejects_invalid_fields(
    api: ComputeApi, microversion: int, fields: dict[str, Any], message: str
) -> None:
    body = api.server_body(microversion=microversion, **fields)
    response = api("POST", "/servers", body, microversion=microversion)
    assert response.status_code == 400, response.text
    assert message in response.json()["badRequest"]["message"]


def test_networks_are_required_since_2_37(api: ComputeApi) -> None:
    body = api.server_body()
    assert api("POST", "/servers", body, microversion=36).status_code == 202
    assert "'networks' is a required property" in api("POST", "/servers", body, microversion=37).text


def test_networks_none_and_fixed_ip(api: ComputeApi) -> None:
    assert api.ok("GET", f"/servers/{api.create_active(microversion=37, networks='none')}")["server"]["addresses"] == {}
    (subnet,) = api.callers.ok("GET", "/network/v2.0/subnets")["subnets"]
    address = subnet["cidr"].replace(".0/24", ".77")
    fixed = api.create_active(networks=[{"uuid": subnet["network_id"], "fixed_ip": address}])
    assert api.ok("GET", f"/servers/{fixed}/ips")["addresses"] == {"private": [{"version": 4, "addr": address}]}


def test_list_with_filters_sorting_and_paging(api: ComputeApi) -> None:
    for name in ("alpha", "beta", "gamma"):
        api.servers.harness.clock.advance(1_000_000)
        api.ok("POST", "/servers", api.server_body(name=name))
    assert _names(api, "") == ["gamma", "beta", "alpha"]
    assert _names(api, "?sort_key=display_name&sort_dir=asc") == ["alpha", "beta", "gamma"]
    first = api.ok("GET", "/servers?limit=2")
    assert [server["name"] for server in first["servers"]] == ["gamma", "beta"]
    (next_link,) = first["servers_links"]
    last = api.ok("GET", next_link["href"].split("/compute/v2.1")[1])
    assert [server["name"] for server in last["servers"]] == ["alpha"]
    assert "servers_links" not in last
    assert _names(api, "?name=^(?)") == "400"
    assert _names(api, "?name=a$") == ["gamma", "beta", "alpha"]
    assert _names(api, "?name=^al") == ["alpha"]
    assert _names(api, "?status=BUILD") == ["gamma", "beta", "alpha"]
    assert _names(api, "?status=ACTIVE") == []
    assert _names(api, "?status=NONSENSE") == []
    assert _names(api, "?flavor=2") == []
    assert _names(api, "?image=" + api.servers.image_id) == ["gamma", "beta", "alpha"]
    assert _names(api, "?marker=none") == "400"
    assert _names(api, "?limit=-1") == "400"
    assert _names(api, "?sort_key=colour") == "400"
    assert _names(api, "?changes-since=2100-01-01T00:00:00Z") == []
    assert _names(api, "?changes-since=never") == "400"
    assert _names(api, "?host=elsewhere") == ["gamma", "beta", "alpha"]


def _names(api: ComputeApi, query: str) -> Any:
    response = api("GET", f"/servers{query}")
    if not response.is_success:
        return str(response.status_code)
    return [server["name"] for server in response.json()["servers"]]


def test_list_filtered_by_address_and_tags(api: ComputeApi) -> None:
    tagged = api.create_active(microversion=52, tags=["Blue", "red"])
    api.create_active(microversion=52, tags=["red"])
    address = api.ok("GET", f"/servers/{tagged}/ips")["addresses"]["private"][0]["addr"].replace(".", "\\.")
    assert [s["id"] for s in api.ok("GET", f"/servers?ip=^{address}$")["servers"]] == [tagged]
    for query, count in (
        ("tags=red", 2),
        ("tags=red,Blue", 1),
        ("tags=blue", 0),
        ("tags-any=Blue,green", 1),
        ("not-tags=Blue,red", 1),
        ("not-tags-any=Blue", 1),
    ):
        assert len(api.ok("GET", f"/servers?{query}", microversion=26)["servers"]) == count, query


def test_deleted_servers_are_listed_for_operators_only(api: ComputeApi) -> None:
    server_id = api.create_active()
    assert api("DELETE", f"/servers/{server_id}").status_code == 204
    api.servers.run_worker(1)
    assert api.ok("GET", "/servers")["servers"] == []
    assert api.ok("GET", "/servers?deleted=true")["servers"] == []
    assert api("GET", "/servers?status=DELETED").status_code == 403
    assert api("GET", f"/servers/{server_id}").json() == {
        "itemNotFound": {"code": 404, "message": f"Instance {server_id} could not be found."}
    }
    deleted = api.ok("GET", "/servers/detail?deleted=true&all_tenants=1", caller="admin")["servers"]
    assert [(server["id"], server["status"]) for server in deleted] == [(server_id, "DELETED")]
    assert [s["id"] for s in api.ok("GET", "/servers?changes-since=2020-01-01T00:00:00Z")["servers"]] == [server_id]


def test_list_is_limited_to_the_project_unless_an_operator_lists_all(api: ComputeApi) -> None:
    server_id = api.create_active()
    assert api.ok("GET", "/servers", caller="blue")["servers"] == []
    assert api("GET", "/servers?all_tenants=1", caller="blue").status_code == 403
    assert api.ok("GET", "/servers", caller="admin")["servers"] == []
    assert [s["id"] for s in api.ok("GET", "/servers?all_tenants=1", caller="admin")["servers"]] == [server_id]
    green = api.callers.projects["green"]
    assert len(api.ok("GET", f"/servers?all_tenants=1&project_id={green}", caller="admin")["servers"]) == 1


def test_number_of_queries_does_not_depend_on_number_of_servers(api: ComputeApi) -> None:
    statements: list[str] = []
    api.create_active()
    api.ok("GET", "/servers/detail")
    api.servers.run_worker(2)
    engine = api.servers.harness.services.database.engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    api.ok("GET", "/servers/detail")
    expected = len(statements)
    limits = {"instances": -1, "cores": -1, "ram": -1}
    api.ok("PUT", f"/os-quota-sets/{api.callers.projects['green']}", {"quota_set": limits}, caller="admin")
    api.ok("POST", "/servers", api.server_body(min_count=99, max_count=99))
    api.servers.run_worker(2)
    statements.clear()
    assert len(api.ok("GET", "/servers/detail")["servers"]) == 100
    assert len(statements) == expected


def test_update_response_has_more_fields_since_2_75(api: ComputeApi) -> None:
    server_id = api.create_active()
    old = api.ok("PUT", f"/servers/{server_id}", {"server": {"name": "new"}})["server"]
    assert (old["name"], "key_name" in old, "OS-EXT-STS:vm_state" in old) == ("new", False, False)
    new = api.ok("PUT", f"/servers/{server_id}", {"server": {"description": "d"}}, microversion=75)["server"]
    assert (new["description"], new["OS-EXT-STS:vm_state"], new["key_name"]) == ("d", "active", None)
    assert api("PUT", f"/servers/{server_id}", {"server": {"name": ""}}).status_code == 400
    named = api.ok("PUT", f"/servers/{server_id}", {"server": {"hostname": "box"}}, microversion=90)["server"]
    assert named["OS-EXT-SRV-ATTR:hostname"] == "box"
    qualified = {"server": {"hostname": f"{'x' * 64}.example.org"}}
    assert api("PUT", f"/servers/{server_id}", qualified, microversion=93).status_code == 400
    named = api.ok("PUT", f"/servers/{server_id}", qualified, microversion=94)["server"]
    assert named["OS-EXT-SRV-ATTR:hostname"] == qualified["server"]["hostname"]


def test_cost_is_in_response_if_a_customer_account_pays(api: ComputeApi) -> None:
    server_id = api.create_active()
    assert "stratiform:cost" not in api.ok("GET", f"/servers/{server_id}")["server"]
    harness = api.callers.harness
    launched_at = harness.clock.at
    project_id = api.callers.projects["green"]
    with harness.services.database.transaction() as db:
        harness.services.ingest.own_events.ingest(
            db, [machine(server_id, project_id, format_iso_naive(launched_at))], harness.clock.now()
        )
        ctx = harness.ctx(db)
        harness.services.billing.prices.publish(ctx, PLAN)
        harness.services.billing.customer_accounts.create(ctx, "acme", "EUR", "standard")
        harness.services.billing.project_assignments.create(ctx, "acme", project_id, launched_at)
    harness.clock.advance(HOUR_US // 2)
    cost = api.ok("GET", f"/servers/{server_id}", caller="green-reader")["server"]["stratiform:cost"]
    assert (cost["account"], cost["amount"], cost["per_hour"]) == ("acme", "0.011", "0.022")
    assert cost["unpriced"] == []
    assert api("GET", f"/servers/{server_id}", caller="blue").status_code == 404
