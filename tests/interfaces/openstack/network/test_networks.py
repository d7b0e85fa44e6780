"""Networks, tags, lists, and what the API says of itself."""

from typing import Any

from support.callers import People

V2 = "/network/v2.0"
Thing = dict[str, Any]


def failure(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["NeutronError"]["type"]


def test_a_network_as_neutron_shows_it(api: People, network: Thing) -> None:
    shown = api.ok("GET", f"{V2}/networks/{network['id']}")["network"]
    assert shown == network
    assert shown | {"id": "", "project_id": "", "tenant_id": ""} == {
        "id": "",
        "name": "n",
        "description": "",
        "project_id": "",
        "tenant_id": "",
        "tags": [],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "revision_number": 1,
        "admin_state_up": True,
        "status": "ACTIVE",
        "subnets": [],
        "shared": False,
        "router:external": False,
        "is_default": False,
        "mtu": 1500,
        "port_security_enabled": True,
        "availability_zone_hints": [],
        "availability_zones": [],
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
    }
    assert api.ok("GET", f"{V2}/networks/{network['id']}?fields=id&fields=name")["network"] == {
        "id": network["id"],
        "name": "n",
    }


def test_update_counts_revisions(api: People, network: Thing) -> None:
    api.of.clock.advance(5_000_000)
    path = f"{V2}/networks/{network['id']}"
    after = api.ok("PUT", path, json={"network": {"name": "m", "admin_state_up": False}})["network"]
    assert (after["name"], after["admin_state_up"], after["revision_number"]) == ("m", False, 2)
    assert after["updated_at"] == "2026-01-01T00:00:05Z"
    refused = api.ask("PUT", path, json={"network": {"shared": True}})
    assert failure(refused) == (403, "PolicyNotAuthorized")
    assert failure(api.ask("PUT", path, json={"network": {"colour": "red"}})) == (400, "HTTPBadRequest")
    assert failure(api.ask("PUT", path, json={"network": {"name": 3}})) == (400, "HTTPBadRequest")


def test_bulk_is_all_or_nothing(api: People) -> None:
    made = api.ok("POST", f"{V2}/networks", json={"networks": [{"name": "a"}, {"name": "b"}]})["networks"]
    assert [network["name"] for network in made] == ["a", "b"]
    broken = {"networks": [{"name": "c"}, {"name": "d", "shared": True}]}
    assert failure(api.ask("POST", f"{V2}/networks", json=broken)) == (403, "PolicyNotAuthorized")
    assert [n["name"] for n in api.ok("GET", f"{V2}/networks?sort_key=name")["networks"]] == ["a", "b"]


def test_a_shared_network_is_everyones_to_use_and_the_owners_to_change(api: People) -> None:
    body = {"network": {"name": "all", "shared": True}}
    shared = api.ok("POST", f"{V2}/networks", "admin", json=body)["network"]
    subnet = {"network_id": shared["id"], "ip_version": 4, "cidr": "203.0.113.0/24"}
    made = api.ok("POST", f"{V2}/subnets", "admin", json={"subnet": subnet})["subnet"]
    assert api.ok("GET", f"{V2}/networks?shared=True")["networks"][0]["id"] == shared["id"]
    assert api.ok("GET", f"{V2}/subnets/{made['id']}")["subnet"] == made
    port = api.ok("POST", f"{V2}/ports", json={"port": {"network_id": shared["id"]}})["port"]
    assert port["project_id"] == api.projects["green"]
    assert api.ask("GET", f"{V2}/ports/{port['id']}", "blue").status_code == 404
    chosen = {"network_id": shared["id"], "fixed_ips": [{"ip_address": "203.0.113.77"}]}
    assert failure(api.ask("POST", f"{V2}/ports", json={"port": chosen})) == (403, "PolicyNotAuthorized")
    renamed = api.ask("PUT", f"{V2}/networks/{shared['id']}", json={"network": {"name": "mine"}})
    assert failure(renamed) == (403, "PolicyNotAuthorized")
    more = {"network_id": shared["id"], "ip_version": 4, "cidr": "198.51.100.0/24"}
    assert failure(api.ask("POST", f"{V2}/subnets", json={"subnet": more})) == (403, "PolicyNotAuthorized")
    assert failure(api.ask("DELETE", f"{V2}/networks/{shared['id']}", "admin")) == (409, "NetworkInUse")


def test_filters(api: People) -> None:
    for name in ("a", "b", "c"):
        api.ok("POST", f"{V2}/networks", json={"network": {"name": name, "admin_state_up": name != "b"}})

    def names(query: str) -> list[str]:
        return [network["name"] for network in api.ok("GET", f"{V2}/networks?{query}")["networks"]]

    assert names("name=a&name=c&sort_key=name&sort_dir=desc") == ["c", "a"]
    assert names("admin_state_up=false") == ["b"]
    assert names("status=DOWN") == []
    assert names("router:external=True") == []
    assert sorted(names("router%3Aexternal=False")) == ["a", "b", "c"]
    assert names("shared=True") == []
    assert names(f"project_id={api.projects['blue']}") == []
    assert failure(api.ask("GET", f"{V2}/networks?colour=red")) == (400, "HTTPBadRequest")
    assert failure(api.ask("GET", f"{V2}/networks?sort_key=colour&sort_dir=asc")) == (400, "HTTPBadRequest")


def test_pages_hold_everything_once_in_order(api: People) -> None:
    body = {"networks": [{"name": f"n{i % 3}", "description": str(i)} for i in range(10)]}
    api.ok("POST", f"{V2}/networks", json=body)
    url, seen = f"{V2}/networks?limit=3&sort_key=name&sort_dir=desc&sort_key=id&sort_dir=asc", []
    while url:
        answer = api.ok("GET", url)
        assert len(answer["networks"]) <= 3
        seen += [(network["name"], network["id"]) for network in answer["networks"]]
        links = answer.get("networks_links", [])
        url = links[0]["href"] if links else ""
    assert len(seen) == len(set(seen)) == 10
    assert [name for name, _ in seen] == sorted((name for name, _ in seen), reverse=True)
    assert failure(api.ask("GET", f"{V2}/networks?marker=none")) == (400, "HTTPBadRequest")


def test_tags(api: People, network: Thing) -> None:
    path = f"{V2}/networks/{network['id']}/tags"
    assert api.ok("PUT", path, json={"tags": ["red", "big"]}) == {"tags": ["big", "red"]}
    assert api.ask("PUT", f"{path}/Blue").status_code == 201
    assert api.ok("GET", path) == {"tags": ["Blue", "big", "red"]}
    assert api.ask("GET", f"{path}/red").status_code == 204
    assert failure(api.ask("GET", f"{path}/RED")) == (404, "TagNotFound")
    for query, found in (
        ("tags=red,big", True),
        ("tags=red,blue", False),
        ("tags-any=blue,red", True),
        ("not-tags=red,big", False),
        ("not-tags-any=blue", True),
        ("tags=re", False),
    ):
        assert bool(api.ok("GET", f"{V2}/networks?{query}")["networks"]) == found, query
    assert api.ask("DELETE", f"{path}/red").status_code == 204
    assert api.ask("DELETE", path).status_code == 204
    assert api.ok("GET", path) == {"tags": []}


def test_what_the_api_says_of_itself(api: People) -> None:
    aliases = {extension["alias"] for extension in api.ok("GET", f"{V2}/extensions")["extensions"]}
    assert {"security-group", "quotas", "sorting", "pagination"} <= aliases
    assert api.ok("GET", f"{V2}/extensions/sorting")["extension"]["alias"] == "sorting"
    assert api.ask("GET", f"{V2}/extensions/router").status_code == 404
    project = api.projects["green"]
    assert api.ok("GET", f"{V2}/quotas/{project}")["quota"]["network"] == -1
    details = api.ok("GET", f"{V2}/quotas/{project}/details.json")["quota"]
    assert details["network"] == {"limit": -1, "used": 0, "reserved": 0}
    assert api.ok("GET", f"{V2}/availability_zones") == {"availability_zones": []}
    assert api.ask("GET", f"{V2}/routers").json()["NeutronError"]["type"] == "HTTPNotFound"


def test_the_default_security_group(api: People) -> None:
    [group] = api.ok("GET", f"{V2}/security-groups?name=default")["security_groups"]
    rules = {(rule["direction"], rule["ethertype"], rule["remote_group_id"]) for rule in group["security_group_rules"]}
    assert rules == {
        ("egress", "IPv4", None),
        ("egress", "IPv6", None),
        ("ingress", "IPv4", group["id"]),
        ("ingress", "IPv6", group["id"]),
    }
    assert api.ok("GET", f"{V2}/security-groups/{group['id']}")["security_group"] == group
    assert api.ok("GET", f"{V2}/security-groups?name=other")["security_groups"] == []
    assert len(api.ok("GET", f"{V2}/security-group-rules?direction=ingress")["security_group_rules"]) == 2
    new = api.ask("POST", f"{V2}/security-groups", json={"security_group": {"name": "web"}})
    assert failure(new) == (409, "OverQuota")
    gone = api.ask("DELETE", f"{V2}/security-groups/{group['id']}")
    assert failure(gone) == (409, "SecurityGroupCannotUpdateDefault")
