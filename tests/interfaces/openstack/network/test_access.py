"""Every route is closed to nobody (401), to strangers (404) and to readers who want to write (403)."""

from typing import Any

import pytest

from support.callers import People

V2 = "/network/v2.0"
Thing = dict[str, Any]

ROUTES = [
    ("GET", "/networks"),
    ("POST", "/networks"),
    ("GET", "/networks/{network}"),
    ("PUT", "/networks/{network}"),
    ("DELETE", "/networks/{network}"),
    ("GET", "/network-ip-availabilities"),
    ("GET", "/network-ip-availabilities/{network}"),
    ("GET", "/subnets"),
    ("POST", "/subnets"),
    ("GET", "/subnets/{subnet}"),
    ("PUT", "/subnets/{subnet}"),
    ("DELETE", "/subnets/{subnet}"),
    ("GET", "/ports"),
    ("POST", "/ports"),
    ("GET", "/ports/{port}"),
    ("PUT", "/ports/{port}"),
    ("DELETE", "/ports/{port}"),
    *[
        (method, f"/{noun}s/{{{noun}}}/tags{rest}")
        for noun in ("network", "subnet", "port")
        for method, rest in (
            ("GET", ""),
            ("PUT", ""),
            ("DELETE", ""),
            ("GET", "/t"),
            ("PUT", "/t"),
            ("DELETE", "/t"),
        )
    ],
    ("GET", "/security-groups"),
    ("POST", "/security-groups"),
    ("GET", "/security-groups/{group}"),
    ("PUT", "/security-groups/{group}"),
    ("DELETE", "/security-groups/{group}"),
    ("GET", "/security-group-rules"),
    ("POST", "/security-group-rules"),
    ("GET", "/security-group-rules/{rule}"),
    ("DELETE", "/security-group-rules/{rule}"),
    ("GET", "/extensions"),
    ("GET", "/extensions/sorting"),
    ("GET", "/availability_zones"),
    ("GET", "/quotas/{project}"),
    ("GET", "/quotas/{project}/default"),
    ("GET", "/quotas/{project}/details.json"),
]
BODIES: dict[str, Any] = {
    "/networks": {"network": {}},
    "/networks/{network}": {"network": {"name": "x"}},
    "/subnets": {"subnet": {"network_id": "{network}", "ip_version": 4, "cidr": "198.51.100.0/24"}},
    "/subnets/{subnet}": {"subnet": {"name": "x"}},
    "/ports": {"port": {"network_id": "{network}"}},
    "/ports/{port}": {"port": {"name": "x"}},
}


@pytest.fixture
def names(api: People, port: Thing) -> dict[str, str]:
    group = api.ok("GET", f"{V2}/security-groups")["security_groups"][0]
    return {
        "network": port["network_id"],
        "subnet": port["fixed_ips"][0]["subnet_id"],
        "port": port["id"],
        "group": group["id"],
        "rule": group["security_group_rules"][0]["id"],
        "project": api.projects["green"],
    }


def ask(api: People, method: str, route: str, names: dict[str, str], who: str) -> tuple[int, Any]:
    body = BODIES.get(route, {"tags": ["t"]} if route.endswith("/tags") else {})
    told = {
        key: {name: names.get(str(value).strip("{}"), value) for name, value in inner.items()}
        if isinstance(inner, dict)
        else inner
        for key, inner in body.items()
    }
    more = {"json": told} if method in ("POST", "PUT") else {}
    answer = api.ask(method, V2 + route.format(**names), who, **more)
    return answer.status_code, answer.json() if answer.content else None


def test_no_token_is_401_everywhere(api: People, names: dict[str, str]) -> None:
    for method, route in ROUTES:
        status, body = ask(api, method, route, names, "")
        assert (status, list(body)) == (401, ["NeutronError"]), (method, route)


def test_a_strangers_thing_is_404(api: People, names: dict[str, str]) -> None:
    for method, route in ROUTES:
        closed = ("{network}", "{subnet}", "{port}", "{group}", "{rule}")
        if not any(name in route for name in closed) or "availabilities" in route:
            continue
        status, body = ask(api, method, route, names, "blue")
        assert status == 404, (method, route, body)
        assert body["NeutronError"]["type"].endswith("NotFound"), (method, route, body)
    for route in ("/subnets", "/ports"):
        assert ask(api, "POST", route, names, "blue")[0] == 404
    assert ask(api, "GET", "/quotas/{project}", names, "blue")[0] == 403
    assert api.ok("GET", f"{V2}/networks", "blue") == {"networks": []}
    assert api.ok("GET", f"{V2}/subnets", "blue") == {"subnets": []}
    assert api.ok("GET", f"{V2}/ports", "blue") == {"ports": []}


def test_a_reader_reads_and_writes_nothing(api: People, names: dict[str, str]) -> None:
    for method, route in ROUTES:
        status, body = ask(api, method, route, names, "green-reader")
        if method == "GET" and "availabilities" not in route:
            missing_tag = route.endswith("/t")
            assert status == (404 if missing_tag else 200), (method, route, body)
        else:
            expected = 404 if method == "DELETE" and route.endswith("/t") else 403
            assert status == expected, (method, route, body)


def test_the_operator_sees_and_changes_all(api: People, names: dict[str, str]) -> None:
    assert [n["id"] for n in api.ok("GET", f"{V2}/networks", "admin")["networks"]] == [names["network"]]
    shown = api.ok("GET", f"{V2}/ports/{names['port']}", "admin")["port"]
    assert shown["binding:vif_type"] == "unbound"
    assert "binding:vif_type" not in api.ok("GET", f"{V2}/ports/{names['port']}")["port"]
    api.ok("DELETE", f"{V2}/ports/{names['port']}", "admin")
    api.ok("DELETE", f"{V2}/networks/{names['network']}", "admin")
    made = api.ok("POST", f"{V2}/networks", "admin", json={"network": {"tenant_id": names["project"]}})["network"]
    assert (made["project_id"], made["tenant_id"]) == (names["project"], names["project"])
    answer = api.ask("POST", f"{V2}/networks", json={"network": {"project_id": api.projects["blue"]}})
    assert (answer.status_code, answer.json()["NeutronError"]["type"]) == (400, "HTTPBadRequest")
