"""Security groups and their rules."""

from typing import Any

import pytest

from support.callers import Callers

V2 = "/network/v2.0"
Json = dict[str, Any]


def failure(response: Any) -> tuple[int, str]:
    """Return the status and the type of an error."""
    return response.status_code, response.json()["NeutronError"]["type"]


def create_group(api: Callers, caller: str = "green", **attributes: Any) -> Json:
    body = {"security_group": {"name": "web", **attributes}}
    return dict(api.ok("POST", f"{V2}/security-groups", caller, json=body)["security_group"])


def create_rule(api: Callers, group_id: str, caller: str = "green", **attributes: Any) -> Any:
    body = {"direction": "ingress", "security_group_id": group_id, **attributes}
    return api.request("POST", f"{V2}/security-group-rules", caller, json={"security_group_rule": body})


def find_default(api: Callers, caller: str = "green") -> Json:
    [group] = api.ok("GET", f"{V2}/security-groups?name=default", caller)["security_groups"]
    return dict(group)


def summarize_rules(group: Json) -> set[tuple[str, str, str | None]]:
    rules = group["security_group_rules"]
    return {(rule["direction"], rule["ethertype"], rule["remote_group_id"]) for rule in rules}


def test_default_group_is_created_on_first_use(api: Callers) -> None:
    group = find_default(api)
    assert summarize_rules(group) == {
        ("egress", "IPv4", None),
        ("egress", "IPv6", None),
        ("ingress", "IPv4", group["id"]),
        ("ingress", "IPv6", group["id"]),
    }
    assert find_default(api) == group
    assert find_default(api, "blue")["id"] != group["id"]
    path = f"{V2}/security-groups/{group['id']}"
    assert failure(api.request("DELETE", path)) == (409, "SecurityGroupCannotRemoveDefault")
    renamed = {"security_group": {"name": "mine"}}
    assert failure(api.request("PUT", path, json=renamed)) == (409, "SecurityGroupCannotUpdateDefault")
    api.ok("PUT", path, json={"security_group": {"description": "d"}})
    created = api.request("POST", f"{V2}/security-groups", json={"security_group": {"name": "default"}})
    assert failure(created) == (409, "SecurityGroupDefaultAlreadyExists")


def test_rules_of_the_default_group_can_be_deleted(api: Callers) -> None:
    for rule in find_default(api)["security_group_rules"]:
        api.ok("DELETE", f"{V2}/security-group-rules/{rule['id']}")
    assert find_default(api)["security_group_rules"] == []


def test_new_group_allows_egress(api: Callers) -> None:
    group = create_group(api, description="d", tags=["a"], stateful=False)
    assert summarize_rules(group) == {("egress", "IPv4", None), ("egress", "IPv6", None)}
    assert (group["stateful"], group["shared"], group["tags"], group["revision_number"]) == (False, False, ["a"], 1)
    path = f"{V2}/security-groups/{group['id']}"
    assert api.ok("GET", path)["security_group"] == group
    assert api.ok("GET", f"{path}?fields=id")["security_group"] == {"id": group["id"]}
    updated = api.ok("PUT", path, json={"security_group": {"name": "other"}})["security_group"]
    assert (updated["name"], updated["revision_number"]) == ("other", 2)
    api.ok("DELETE", path)
    assert failure(api.request("GET", path)) == (404, "SecurityGroupNotFound")


def test_several_groups_and_rules_are_created_at_once(api: Callers) -> None:
    body = {"security_groups": [{"name": "a"}, {"name": "b"}]}
    groups = api.ok("POST", f"{V2}/security-groups", json=body)["security_groups"]
    assert [group["name"] for group in groups] == ["a", "b"]
    rules = [
        {"direction": "ingress", "security_group_id": groups[0]["id"], "protocol": name} for name in ("tcp", "udp")
    ]
    created = api.ok("POST", f"{V2}/security-group-rules", json={"security_group_rules": rules})
    assert [rule["protocol"] for rule in created["security_group_rules"]] == ["tcp", "udp"]


def test_rule_has_the_attributes_of_neutron(api: Callers) -> None:
    group = create_group(api)
    rule = create_rule(
        api, group["id"], protocol="TCP", port_range_min="22", port_range_max=23, remote_ip_prefix="10.0.0.7/8"
    ).json()["security_group_rule"]
    assert rule == rule | {
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "port_range_min": 22,
        "port_range_max": 23,
        "remote_ip_prefix": "10.0.0.7/8",
        "normalized_cidr": "10.0.0.0/8",
        "remote_group_id": None,
        "remote_address_group_id": None,
        "belongs_to_default_sg": False,
        "project_id": api.projects["green"],
        "description": "",
    }
    assert "fingerprint" not in rule
    path = f"{V2}/security-group-rules/{rule['id']}"
    assert api.ok("GET", path)["security_group_rule"] == rule
    assert api.ok("GET", f"{V2}/security-groups/{group['id']}")["security_group"]["revision_number"] == 2
    api.ok("DELETE", path)
    assert failure(api.request("GET", path)) == (404, "SecurityGroupRuleNotFound")


def test_protocol_is_a_name_or_a_number(api: Callers) -> None:
    group = create_group(api)
    for protocol, expected in ((132, "132"), ("17", "17"), ("any", None), ("icmpv6", "icmpv6")):
        ethertype = "IPv6" if protocol == "icmpv6" else "ipv4"
        rule = create_rule(api, group["id"], protocol=protocol, ethertype=ethertype).json()["security_group_rule"]
        assert rule["protocol"] == expected


@pytest.mark.parametrize(
    ("attributes", "error"),
    [
        ({"protocol": "carrier-pigeon"}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": 256}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": "tcp", "port_range_min": 80, "port_range_max": 79}, "SecurityGroupInvalidPortRange"),
        ({"protocol": "tcp", "port_range_max": 6}, "SecurityGroupInvalidPortRange"),
        ({"protocol": "tcp", "port_range_min": 80, "port_range_max": 65536}, "SecurityGroupInvalidPortValue"),
        ({"protocol": "udp", "port_range_min": 0, "port_range_max": 1}, "SecurityGroupInvalidPortValue"),
        ({"port_range_min": 1, "port_range_max": 2}, "SecurityGroupProtocolRequiredWithPorts"),
        ({"protocol": "esp", "port_range_min": 1, "port_range_max": 2}, "SecurityGroupInvalidProtocolForPort"),
        ({"protocol": "icmp", "port_range_min": 300}, "SecurityGroupInvalidIcmpValue"),
        ({"protocol": "icmp", "port_range_max": 3}, "SecurityGroupMissingIcmpType"),
        ({"protocol": "ipv6-icmp"}, "SecurityGroupEthertypeConflictWithProtocol"),
        ({"ethertype": "IPv5"}, "SecurityGroupRuleInvalidEtherType"),
        ({"remote_ip_prefix": "192.168.1./24"}, "InvalidInput"),
        ({"remote_ip_prefix": "2001:db8::/32"}, "SecurityGroupRuleParameterConflict"),
        ({"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": "x"}, "SecurityGroupMultipleRemoteEntites"),
        ({"direction": "sideways"}, "HTTPBadRequest"),
    ],
)
def test_invalid_rules(api: Callers, attributes: Json, error: str) -> None:
    group = create_group(api)
    assert failure(create_rule(api, group["id"], **attributes)) == (400, error)


def test_same_rule_exists_once(api: Callers) -> None:
    group = create_group(api)
    rule = create_rule(api, group["id"], protocol="tcp").json()["security_group_rule"]
    response = create_rule(api, group["id"], protocol=6)
    assert failure(response) == (409, "SecurityGroupRuleExists")
    message = f"Security group rule already exists. Rule id is {rule['id']}."
    assert response.json()["NeutronError"]["message"] == message
    other = create_group(api)
    assert create_rule(api, other["id"], protocol="tcp").status_code == 201


def test_rules_refer_to_groups_that_the_project_sees(api: Callers) -> None:
    group, foreign = create_group(api), create_group(api, "blue")
    for remote in ("none", foreign["id"]):
        assert failure(create_rule(api, group["id"], remote_group_id=remote)) == (404, "SecurityGroupNotFound")
    assert failure(create_rule(api, foreign["id"])) == (404, "SecurityGroupNotFound")
    remote = create_group(api)
    rule = create_rule(api, group["id"], remote_group_id=remote["id"]).json()["security_group_rule"]
    api.ok("DELETE", f"{V2}/security-groups/{remote['id']}")
    assert failure(api.request("GET", f"{V2}/security-group-rules/{rule['id']}")) == (404, "SecurityGroupRuleNotFound")


def test_group_of_a_port_cannot_be_deleted(api: Callers, port: Json) -> None:
    group = create_group(api)
    path = f"{V2}/ports/{port['id']}"
    updated = api.ok("PUT", path, json={"port": {"security_groups": [group["id"]]}})["port"]
    assert updated["security_groups"] == [group["id"]]
    response = api.request("DELETE", f"{V2}/security-groups/{group['id']}")
    assert failure(response) == (409, "SecurityGroupInUse")
    assert response.json()["NeutronError"]["message"] == f"Security Group {group['id']} in use."
    stateless = create_group(api, stateful=False)
    both = {"port": {"security_groups": [group["id"], stateless["id"]]}}
    assert failure(api.request("PUT", path, json=both)) == (409, "SecurityGroupConflict")
    foreign = create_group(api, "blue")
    for group_id in (foreign["id"], "none"):
        response = api.request("PUT", path, json={"port": {"security_groups": [group_id]}})
        assert failure(response) == (404, "SecurityGroupNotFound")
    api.ok("DELETE", path)
    api.ok("DELETE", f"{V2}/security-groups/{group['id']}")


def test_lists_are_filtered_and_sorted(api: Callers) -> None:
    for name in ("b", "a"):
        create_group(api, name=name, tags=[name])

    def names(query: str) -> list[str]:
        return [group["name"] for group in api.ok("GET", f"{V2}/security-groups?{query}")["security_groups"]]

    assert names("sort_key=name&sort_dir=desc") == ["default", "b", "a"]
    assert names("tags=a") == ["a"]
    assert names("not-tags-any=a,b") == ["default"]
    assert names("stateful=false") == []
    assert failure(api.request("GET", f"{V2}/security-groups?colour=red")) == (400, "HTTPBadRequest")
    group = find_default(api)
    create_rule(api, group["id"], protocol="tcp", port_range_min=22, port_range_max=22)
    rules = api.ok("GET", f"{V2}/security-group-rules?protocol=tcp&port_range_min=22")["security_group_rules"]
    assert [rule["security_group_id"] for rule in rules] == [group["id"]]
    assert len(api.ok("GET", f"{V2}/security-group-rules?protocol=")["security_group_rules"]) == 8
    path = f"{V2}/security-groups/{group['id']}/tags"
    assert api.ok("PUT", path, json={"tags": ["x"]}) == {"tags": ["x"]}
    assert names("tags=x") == ["default"]


def test_groups_of_other_projects_are_not_visible(api: Callers) -> None:
    group = create_group(api)
    path = f"{V2}/security-groups/{group['id']}"
    assert failure(api.request("GET", path, "blue")) == (404, "SecurityGroupNotFound")
    assert failure(api.request("PUT", path, "blue", json={"security_group": {}})) == (404, "SecurityGroupNotFound")
    assert failure(api.request("DELETE", path, "blue")) == (404, "SecurityGroupNotFound")
    assert failure(api.request("DELETE", path, "green-reader")) == (403, "PolicyNotAuthorized")
    body = {"security_group": {"name": "x", "project_id": api.projects["blue"]}}
    assert failure(api.request("POST", f"{V2}/security-groups", json=body)) == (400, "HTTPBadRequest")
    created = api.ok("POST", f"{V2}/security-groups", "admin", json=body)["security_group"]
    assert created["project_id"] == api.projects["blue"]


def test_operators_declare_rules_and_statefulness_of_new_groups(api: Callers) -> None:
    template = {"direction": "ingress", "protocol": "tcp", "remote_group_id": "PARENT"}
    path = f"{V2}/default-security-group-rules"
    created = api.ok("POST", path, "admin", json={"default_security_group_rule": template})
    assert failure(api.request("POST", path, json={"default_security_group_rule": template}))[0] == 403
    again = api.request("POST", path, "admin", json={"default_security_group_rule": template})
    assert failure(again) == (409, "DefaultSecurityGroupRuleExists")
    body = {"security_group_default_statefulness": {"stateful": False, "project_id": api.projects["green"]}}
    api.ok("POST", f"{V2}/security-groups-default-statefulness", "admin", json=body)
    group = create_group(api)
    [rule] = [rule for rule in group["security_group_rules"] if rule["direction"] == "ingress"]
    assert (rule["protocol"], rule["remote_group_id"]) == ("tcp", group["id"])
    assert group["stateful"] is False
    assert create_group(api, "blue")["stateful"] is True
    api.ok("DELETE", f"{path}/{created['default_security_group_rule']['id']}", "admin")
    assert len(create_group(api)["security_group_rules"]) == 2


def test_operators_delete_the_initial_rules_of_new_groups(api: Callers) -> None:
    """They exist from the beginning, and are not created again. Source: neutron-tempest-plugin."""
    path = f"{V2}/default-security-group-rules"
    templates = api.ok("GET", path)["default_security_group_rules"]
    names = ("direction", "ethertype", "remote_group_id", "used_in_default_sg", "used_in_non_default_sg")
    assert sorted(tuple(map(str, map(template.get, names))) for template in templates) == [
        ("egress", "IPv4", "None", "True", "True"),
        ("egress", "IPv6", "None", "True", "True"),
        ("ingress", "IPv4", "PARENT", "True", "False"),
        ("ingress", "IPv6", "PARENT", "True", "False"),
    ]
    assert {template["description"] for template in templates} == {
        "Legacy default SG rule for egress traffic",
        "Legacy default SG rule for ingress traffic",
    }
    again = {name: templates[0][name] for name in names}
    response = api.request("POST", path, "admin", json={"default_security_group_rule": again})
    assert failure(response) == (409, "DefaultSecurityGroupRuleExists")
    for template in api.ok("GET", f"{path}?used_in_non_default_sg=true")["default_security_group_rules"]:
        api.ok("DELETE", f"{path}/{template['id']}", "admin")
    assert create_group(api)["security_group_rules"] == []
    groups = api.ok("GET", f"{V2}/security-groups?name=default", "blue")["security_groups"]
    assert {rule["direction"] for group in groups for rule in group["security_group_rules"]} == {"ingress"}
    assert len(api.ok("GET", path)["default_security_group_rules"]) == 2


def test_address_group_of_a_rule_exists_and_cannot_be_deleted(api: Callers) -> None:
    group = create_group(api)
    body = {"address_group": {"name": "offices", "addresses": ["192.0.2.0/24"]}}
    offices = api.ok("POST", f"{V2}/address-groups", json=body)["address_group"]
    rule = {"security_group_id": group["id"], "remote_address_group_id": offices["id"]}
    created = api.ok("POST", f"{V2}/security-group-rules", json={"security_group_rule": rule})["security_group_rule"]
    path = f"{V2}/address-groups/{offices['id']}"
    assert failure(api.request("DELETE", path)) == (409, "AddressGroupInUse")
    api.ok("DELETE", f"{V2}/security-group-rules/{created['id']}")
    api.ok("DELETE", path)
    again = api.request("POST", f"{V2}/security-group-rules", json={"security_group_rule": rule})
    assert failure(again) == (404, "AddressGroupNotFound")


def test_revision_is_a_precondition(api: Callers) -> None:
    group = create_group(api)
    path = f"{V2}/security-groups/{group['id']}"
    body = {"security_group": {"name": "n"}}
    api.ok("PUT", path, json=body, headers={"If-Match": "revision_number=1"})
    outdated = api.request("PUT", path, json=body, headers={"If-Match": "revision_number=1"})
    assert failure(outdated) == (412, "RevisionNumberConstraintFailed")
    assert failure(api.request("DELETE", path, headers={"If-Match": "x"})) == (400, "HTTPBadRequest")
    api.ok("DELETE", path, headers={"If-Match": "revision_number=2"})
