"""Networks, tags, lists, extensions, quotas and security groups."""

from typing import Any

from support.callers import Callers

V2 = "/network/v2.0"
Json = dict[str, Any]


def failure(response: Any) -> tuple[int, str]:
    """Return the status and the type of an error."""
    return response.status_code, response.json()["NeutronError"]["type"]


def test_response_has_the_attributes_of_neutron(api: Callers, network: Json) -> None:
    assert api.ok("GET", f"{V2}/networks/{network['id']}")["network"] == network
    assert network | {"id": "", "project_id": "", "tenant_id": ""} == {
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
        "dns_domain": "",
        "qos_policy_id": None,
        "vlan_transparent": None,
        "l2_adjacency": True,
    }
    assert api.ok("GET", f"{V2}/networks/{network['id']}?fields=id&fields=name")["network"] == {
        "id": network["id"],
        "name": "n",
    }


def test_update_increments_the_revision(api: Callers, network: Json) -> None:
    api.harness.clock.advance(5_000_000)
    path = f"{V2}/networks/{network['id']}"
    updated = api.ok("PUT", path, json={"network": {"name": "m", "admin_state_up": False}})["network"]
    assert (updated["name"], updated["admin_state_up"], updated["revision_number"]) == ("m", False, 2)
    assert updated["updated_at"] == "2026-01-01T00:00:05Z"
    assert failure(api.request("PUT", path, json={"network": {"shared": True}})) == (403, "PolicyNotAuthorized")
    assert failure(api.request("PUT", path, json={"network": {"colour": "red"}})) == (400, "HTTPBadRequest")
    assert failure(api.request("PUT", path, json={"network": {"name": 3}})) == (400, "HTTPBadRequest")


def test_bulk_creation_is_atomic(api: Callers) -> None:
    networks = api.ok("POST", f"{V2}/networks", json={"networks": [{"name": "a"}, {"name": "b"}]})["networks"]
    assert [network["name"] for network in networks] == ["a", "b"]
    forbidden = {"networks": [{"name": "c"}, {"name": "d", "shared": True}]}
    assert failure(api.request("POST", f"{V2}/networks", json=forbidden)) == (403, "PolicyNotAuthorized")
    assert [network["name"] for network in api.ok("GET", f"{V2}/networks?sort_key=name")["networks"]] == ["a", "b"]


def test_shared_network_is_used_by_every_project_and_changed_by_its_owner(api: Callers) -> None:
    body = {"network": {"name": "all", "shared": True}}
    shared = api.ok("POST", f"{V2}/networks", "admin", json=body)["network"]
    subnet = {"network_id": shared["id"], "ip_version": 4, "cidr": "203.0.113.0/24"}
    created = api.ok("POST", f"{V2}/subnets", "admin", json={"subnet": subnet})["subnet"]
    assert api.ok("GET", f"{V2}/networks?shared=True")["networks"][0]["id"] == shared["id"]
    assert created.pop("segment_id") is None  # only admins see it
    assert api.ok("GET", f"{V2}/subnets/{created['id']}")["subnet"] == created
    port = api.ok("POST", f"{V2}/ports", json={"port": {"network_id": shared["id"]}})["port"]
    assert port["project_id"] == api.projects["green"]
    assert api.request("GET", f"{V2}/ports/{port['id']}", "blue").status_code == 404
    exact = {"network_id": shared["id"], "fixed_ips": [{"ip_address": "203.0.113.77"}]}
    assert failure(api.request("POST", f"{V2}/ports", json={"port": exact})) == (403, "PolicyNotAuthorized")
    renamed = api.request("PUT", f"{V2}/networks/{shared['id']}", json={"network": {"name": "mine"}})
    assert failure(renamed) == (403, "PolicyNotAuthorized")
    second = {"network_id": shared["id"], "ip_version": 4, "cidr": "198.51.100.0/24"}
    assert failure(api.request("POST", f"{V2}/subnets", json={"subnet": second})) == (403, "PolicyNotAuthorized")
    assert failure(api.request("DELETE", f"{V2}/networks/{shared['id']}", "admin")) == (409, "NetworkInUse")


def test_filters(api: Callers) -> None:
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
    assert failure(api.request("GET", f"{V2}/networks?colour=red")) == (400, "HTTPBadRequest")
    assert failure(api.request("GET", f"{V2}/networks?sort_key=colour&sort_dir=asc")) == (400, "HTTPBadRequest")


def test_pages_contain_every_network_once_in_order(api: Callers) -> None:
    body = {"networks": [{"name": f"n{i % 3}", "description": str(i)} for i in range(10)]}
    api.ok("POST", f"{V2}/networks", json=body)
    url, listed = f"{V2}/networks?limit=3&sort_key=name&sort_dir=desc&sort_key=id&sort_dir=asc", []
    while url:
        response = api.ok("GET", url)
        assert len(response["networks"]) <= 3
        listed += [(network["name"], network["id"]) for network in response["networks"]]
        links = response.get("networks_links", [])
        url = links[0]["href"] if links else ""
    assert len(listed) == len(set(listed)) == 10
    assert [name for name, _ in listed] == sorted((name for name, _ in listed), reverse=True)
    assert failure(api.request("GET", f"{V2}/networks?marker=none")) == (400, "HTTPBadRequest")


def test_tags(api: Callers, network: Json) -> None:
    path = f"{V2}/networks/{network['id']}/tags"
    assert api.ok("PUT", path, json={"tags": ["red", "big"]}) == {"tags": ["big", "red"]}
    assert api.request("PUT", f"{path}/Blue").status_code == 201
    assert api.ok("GET", path) == {"tags": ["Blue", "big", "red"]}
    assert api.request("GET", f"{path}/red").status_code == 204
    assert failure(api.request("GET", f"{path}/RED")) == (404, "TagNotFound")
    for query, matches in (
        ("tags=red,big", True),
        ("tags=red,blue", False),
        ("tags-any=blue,red", True),
        ("not-tags=red,big", False),
        ("not-tags-any=blue", True),
        ("tags=re", False),
    ):
        assert bool(api.ok("GET", f"{V2}/networks?{query}")["networks"]) == matches, query
    assert api.request("DELETE", f"{path}/red").status_code == 204
    assert api.request("DELETE", path).status_code == 204
    assert api.ok("GET", path) == {"tags": []}


def test_extensions_quotas_and_availability_zones(api: Callers) -> None:
    aliases = {extension["alias"] for extension in api.ok("GET", f"{V2}/extensions")["extensions"]}
    assert {"security-group", "quotas", "sorting", "pagination"} <= aliases
    assert api.ok("GET", f"{V2}/extensions/sorting")["extension"]["alias"] == "sorting"
    assert api.request("GET", f"{V2}/extensions/vpnaas").status_code == 404
    project = api.projects["green"]
    assert api.ok("GET", f"{V2}/quotas/{project}")["quota"]["network"] == 100
    details = api.ok("GET", f"{V2}/quotas/{project}/details.json")["quota"]
    assert details["network"] == {"limit": 100, "used": 0, "reserved": 0}
    assert api.ok("GET", f"{V2}/availability_zones") == {"availability_zones": []}
    unknown = api.request("GET", f"{V2}/lbaas/pools").json()["NeutronError"]
    assert (unknown["type"], unknown["message"]) == ("HTTPNotFound", "The resource could not be found.")


def test_types_of_attributes_are_converted(api: Callers) -> None:
    body = {"network": {"name": "n", "mtu": "1400", "admin_state_up": "false"}}
    network = api.ok("POST", f"{V2}/networks", json=body)["network"]
    assert (network["mtu"], network["admin_state_up"]) == (1400, False)
    path = f"{V2}/networks/{network['id']}"
    assert api.ok("PUT", path, json={"network": {"mtu": "1450"}})["network"]["mtu"] == 1450
    response = api.request("PUT", path, json={"network": {"mtu": "large"}})
    assert failure(response) == (400, "HTTPBadRequest")
    assert response.json()["NeutronError"]["message"].startswith("Invalid input for mtu. Reason: ")
    matching = api.ok("GET", f"{V2}/networks?mtu=1450&shared=no")["networks"]
    assert [item["id"] for item in matching] == [network["id"]]
    assert failure(api.request("GET", f"{V2}/networks?mtu=large")) == (400, "HTTPBadRequest")
    assert failure(api.request("GET", f"{V2}/networks?shared=perhaps")) == (400, "HTTPBadRequest")


def test_unknown_attribute(api: Callers) -> None:
    response = api.request("POST", f"{V2}/networks", json={"network": {"colour": "red"}})
    assert response.json()["NeutronError"]["message"] == "Unrecognized attribute(s) 'colour'"
    response = api.request("POST", f"{V2}/networks", json={})
    assert response.json()["NeutronError"]["message"] == "Unable to find 'network' in request body"


def test_responses_without_a_body_are_empty(api: Callers, network: Json) -> None:
    path = f"{V2}/networks/{network['id']}"
    for method, url in (("PUT", f"{path}/tags/red"), ("GET", f"{path}/tags/red"), ("DELETE", path)):
        assert api.request(method, url).content == b""
