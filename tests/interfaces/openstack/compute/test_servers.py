"""`/servers`: what is answered, at which microversion, and to whom."""

import base64
from typing import Any

import pytest
from sqlalchemy import event

from stratiform.kit.clock import HOUR_US, iso_naive
from support.money import PLAN, machine
from support.nova import Nova


def test_create_answers_as_nova(nova: Nova) -> None:
    answer = nova("POST", "/servers", nova.order())
    assert answer.status_code == 202
    made = answer.json()["server"]
    assert set(made) == {"id", "links", "OS-DCF:diskConfig", "security_groups"}
    assert answer.headers["Location"].endswith(f"/compute/v2.1/servers/{made['id']}")
    several = nova.ok("POST", "/servers", nova.order(min_count=2, return_reservation_id=True))
    assert list(several) == ["reservation_id"]


def test_show_has_novas_fields(nova: Nova) -> None:
    server = nova.ok("GET", f"/servers/{nova.active(metadata={'k': 'v'})}")["server"]
    assert (server["status"], server["progress"], server["OS-EXT-STS:vm_state"]) == ("ACTIVE", 100, "active")
    assert (server["OS-EXT-STS:task_state"], server["OS-EXT-STS:power_state"]) == (None, 1)
    assert server["OS-EXT-AZ:availability_zone"] == "zone-a"
    assert server["flavor"]["id"] == "1"
    assert server["image"]["id"] == nova.servers.image_id
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
    ("at", "field"),
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
def test_fields_that_microversions_add(nova: Nova, at: int, field: str) -> None:
    server_id = nova.active()
    assert field not in nova.ok("GET", f"/servers/{server_id}", at=at - 1)["server"]
    assert field in nova.ok("GET", f"/servers/{server_id}", at=at)["server"]


def test_the_flavor_is_told_in_full_from_2_47(nova: Nova) -> None:
    flavor = nova.ok("GET", f"/servers/{nova.active()}", at=47)["server"]["flavor"]
    assert (flavor["original_name"], flavor["ram"], flavor["extra_specs"]) == ("m1.tiny", 512, {})


def test_the_operator_is_told_more(nova: Nova) -> None:
    server_id = nova.active(user_data=base64.b64encode(b"x").decode())
    server = nova.ok("GET", f"/servers/{server_id}", who="admin", at=16)["server"]
    assert server["OS-EXT-SRV-ATTR:host"] == "sim"
    assert server["OS-EXT-SRV-ATTR:user_data"] == base64.b64encode(b"x").decode()
    assert server["host_status"] == "UP"


@pytest.mark.parametrize(
    ("at", "wish", "told"),
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
        (90, {"hostname": "no spaces"}, "hostname"),
        (1, {"block_device_mapping_v2": [{"boot_index": 0, "source_type": "volume", "uuid": "v"}]}, "from a volume"),
    ],
)
def test_what_is_wrong_is_400(nova: Nova, at: int, wish: dict[str, Any], told: str) -> None:
    answer = nova("POST", "/servers", nova.order(at=at, **wish), at=at)
    assert answer.status_code == 400, answer.text
    assert told in answer.json()["badRequest"]["message"]


def test_networks_must_be_named_from_2_37(nova: Nova) -> None:
    body = nova.order()
    assert nova("POST", "/servers", body, at=36).status_code == 202
    assert "'networks' is a required property" in nova("POST", "/servers", body, at=37).text


def test_networks_none_auto_and_fixed(nova: Nova) -> None:
    assert nova.ok("GET", f"/servers/{nova.active(at=37, networks='none')}")["server"]["addresses"] == {}
    (subnet,) = nova.of.ok("GET", "/network/v2.0/subnets")["subnets"]
    address = subnet["cidr"].replace(".0/24", ".77")
    fixed = nova.active(networks=[{"uuid": subnet["network_id"], "fixed_ip": address}])
    assert nova.ok("GET", f"/servers/{fixed}/ips")["addresses"] == {"private": [{"version": 4, "addr": address}]}


def test_a_list_in_pages_sorted_and_filtered(nova: Nova) -> None:
    for name in ("alpha", "beta", "gamma"):
        nova.servers.bench.clock.advance(1_000_000)
        nova.ok("POST", "/servers", nova.order(name=name))
    assert _names(nova, "") == ["gamma", "beta", "alpha"]
    assert _names(nova, "?sort_key=display_name&sort_dir=asc") == ["alpha", "beta", "gamma"]
    first = nova.ok("GET", "/servers?limit=2")
    assert [server["name"] for server in first["servers"]] == ["gamma", "beta"]
    (following,) = first["servers_links"]
    rest = nova.ok("GET", following["href"].split("/compute/v2.1")[1])
    assert [server["name"] for server in rest["servers"]] == ["alpha"]
    assert "servers_links" not in rest
    assert _names(nova, "?name=^(?)") == "400"
    assert _names(nova, "?name=a$") == ["gamma", "beta", "alpha"]
    assert _names(nova, "?name=^al") == ["alpha"]
    assert _names(nova, "?status=BUILD") == ["gamma", "beta", "alpha"]
    assert _names(nova, "?status=ACTIVE") == []
    assert _names(nova, "?status=NONSENSE") == []
    assert _names(nova, "?flavor=2") == []
    assert _names(nova, "?image=" + nova.servers.image_id) == ["gamma", "beta", "alpha"]
    assert _names(nova, "?marker=none") == "400"
    assert _names(nova, "?limit=-1") == "400"
    assert _names(nova, "?sort_key=colour") == "400"
    assert _names(nova, "?changes-since=2100-01-01T00:00:00Z") == []
    assert _names(nova, "?changes-since=never") == "400"
    assert _names(nova, "?host=elsewhere") == ["gamma", "beta", "alpha"]


def _names(nova: Nova, query: str) -> Any:
    answer = nova("GET", f"/servers{query}")
    if not answer.is_success:
        return str(answer.status_code)
    return [server["name"] for server in answer.json()["servers"]]


def test_filters_by_address_and_tags(nova: Nova) -> None:
    one = nova.active(at=52, tags=["Blue", "red"])
    nova.active(at=52, tags=["red"])
    address = nova.ok("GET", f"/servers/{one}/ips")["addresses"]["private"][0]["addr"].replace(".", "\\.")
    assert [s["id"] for s in nova.ok("GET", f"/servers?ip=^{address}$")["servers"]] == [one]
    for query, count in (
        ("tags=red", 2),
        ("tags=red,Blue", 1),
        ("tags=blue", 0),
        ("tags-any=Blue,green", 1),
        ("not-tags=Blue,red", 1),
        ("not-tags-any=Blue", 1),
    ):
        assert len(nova.ok("GET", f"/servers?{query}", at=26)["servers"]) == count, query


def test_deleted_servers_are_for_the_operator(nova: Nova) -> None:
    server_id = nova.active()
    assert nova("DELETE", f"/servers/{server_id}").status_code == 204
    nova.servers.run_worker(1)
    assert nova.ok("GET", "/servers")["servers"] == []
    assert nova.ok("GET", "/servers?deleted=true")["servers"] == []
    assert nova("GET", "/servers?status=DELETED").status_code == 403
    assert nova("GET", f"/servers/{server_id}").json() == {
        "itemNotFound": {"code": 404, "message": f"Instance {server_id} could not be found."}
    }
    found = nova.ok("GET", "/servers/detail?deleted=true&all_tenants=1", who="admin")["servers"]
    assert [(server["id"], server["status"]) for server in found] == [(server_id, "DELETED")]
    assert [s["id"] for s in nova.ok("GET", "/servers?changes-since=2020-01-01T00:00:00Z")["servers"]] == [server_id]


def test_the_list_is_the_projects_and_everyones_for_the_operator(nova: Nova) -> None:
    server_id = nova.active()
    assert nova.ok("GET", "/servers", who="blue")["servers"] == []
    assert nova("GET", "/servers?all_tenants=1", who="blue").status_code == 403
    assert nova.ok("GET", "/servers", who="admin")["servers"] == []
    assert [s["id"] for s in nova.ok("GET", "/servers?all_tenants=1", who="admin")["servers"]] == [server_id]
    green = nova.of.projects["green"]
    assert len(nova.ok("GET", f"/servers?all_tenants=1&project_id={green}", who="admin")["servers"]) == 1


def test_a_hundred_in_detail_cost_as_many_queries_as_one(nova: Nova) -> None:
    counted: list[str] = []
    nova.active()
    nova.ok("GET", "/servers/detail")
    nova.servers.run_worker(2)
    engine = nova.servers.bench.services.database.engine
    event.listen(engine, "before_cursor_execute", lambda *seen: counted.append(seen[2]))
    nova.ok("GET", "/servers/detail")
    alone = len(counted)
    nova.ok("POST", "/servers", nova.order(min_count=99, max_count=99))
    nova.servers.run_worker(2)
    counted.clear()
    assert len(nova.ok("GET", "/servers/detail")["servers"]) == 100
    assert len(counted) == alone


def test_update_answers_more_from_2_75(nova: Nova) -> None:
    server_id = nova.active()
    old = nova.ok("PUT", f"/servers/{server_id}", {"server": {"name": "new"}})["server"]
    assert (old["name"], "key_name" in old, "OS-EXT-STS:vm_state" in old) == ("new", False, False)
    new = nova.ok("PUT", f"/servers/{server_id}", {"server": {"description": "d"}}, at=75)["server"]
    assert (new["description"], new["OS-EXT-STS:vm_state"], new["key_name"]) == ("d", "active", None)
    assert nova("PUT", f"/servers/{server_id}", {"server": {"name": ""}}).status_code == 400
    named = nova.ok("PUT", f"/servers/{server_id}", {"server": {"hostname": "box"}}, at=90)["server"]
    assert named["OS-EXT-SRV-ATTR:hostname"] == "box"


def test_what_it_has_cost_stands_in_the_answer_once_somebody_pays(nova: Nova) -> None:
    server_id = nova.active()
    assert "stratiform:cost" not in nova.ok("GET", f"/servers/{server_id}")["server"]
    of = nova.of.of
    launched = of.clock.at
    project_id = nova.of.projects["green"]
    with of.services.database.transaction() as db:
        of.services.ingest.events.ingest(db, [machine(server_id, project_id, iso_naive(launched))], of.clock.now())
        ctx = of.ctx(db)
        of.services.billing.set_prices(ctx, PLAN)
        of.services.billing.create_account(ctx, "acme", "EUR", "standard")
        of.services.billing.assign(ctx, "acme", project_id, launched)
    of.clock.advance(HOUR_US // 2)
    cost = nova.ok("GET", f"/servers/{server_id}", who="green-reader")["server"]["stratiform:cost"]
    assert (cost["account"], cost["amount"], cost["per_hour"]) == ("acme", "0.011", "0.022")
    assert cost["unpriced"] == []
    assert nova("GET", f"/servers/{server_id}", who="blue").status_code == 404
