"""The mapping engine of federation, with the cases of Keystone's documentation."""

from typing import Any

import pytest

from stratiform.kit.errors import Invalid, Unauthenticated
from stratiform.services.identity.model import ResourceRef
from stratiform.services.identity.model.mapping_rules import MappedProject, map_attributes, validate_rules

ASSERTION = {
    "REMOTE_USER": ["ann@sso"],
    "name": ["Ann"],
    "email": ["ann@corp.example"],
    "groups": ["staff", "wheel", "guests"],
    "organization": ["corp"],
}
USER: dict[str, Any] = {"user": {"name": "{0}"}}
NAME: dict[str, Any] = {"type": "name"}


def rule(*local: dict[str, Any], remote: list[dict[str, Any]]) -> dict[str, Any]:
    return {"local": list(local), "remote": remote}


@pytest.mark.parametrize(
    ("requirement", "is_met"),
    [
        ({"any_one_of": ["staff", "other"]}, True),
        ({"any_one_of": ["other"]}, False),
        ({"any_one_of": ["sta"]}, False),
        ({"any_one_of": ["^st.*f$"], "regex": True}, True),
        ({"any_one_of": ["^x"], "regex": True}, False),
        ({"not_any_of": ["contractors"]}, True),
        ({"not_any_of": ["wheel", "x"]}, False),
        ({"not_any_of": ["^wh"], "regex": True}, False),
        ({"not_any_of": ["^x"], "regex": True}, True),
        ({}, True),
    ],
)
def test_requirements(requirement: dict[str, Any], is_met: bool) -> None:
    rules = [rule(USER, remote=[NAME, {"type": "groups", **requirement}])]
    if is_met:
        assert map_attributes(rules, ASSERTION).name == "Ann"
    else:
        with pytest.raises(Unauthenticated):
            map_attributes(rules, ASSERTION)


def test_a_missing_or_empty_attribute_does_not_meet_a_rule() -> None:
    cases: list[dict[str, list[str]]] = [{}, {"groups": []}, {"groups": [""]}]
    for values in cases:
        with pytest.raises(Unauthenticated):
            map_attributes([rule(USER, remote=[NAME, {"type": "groups"}])], {"name": ["Ann"], **values})


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({}, ["staff", "wheel", "guests"]),
        ({"whitelist": ["staff", "guests", "x"]}, ["staff", "guests"]),
        ({"whitelist": ["^.*e"], "regex": True}, ["wheel", "guests"]),
        ({"blacklist": ["wheel"]}, ["staff", "guests"]),
        ({"blacklist": ["e"], "regex": True}, ["staff"]),
        ({"whitelist": []}, []),
        ({"blacklist": []}, ["staff", "wheel", "guests"]),
    ],
)
def test_lists_select_groups(selection: dict[str, Any], expected: list[str]) -> None:
    local = {"groups": "{1}", "domain": {"id": "default"}}
    mapped = map_attributes([rule(USER, local, remote=[NAME, {"type": "groups", **selection}])], ASSERTION)
    assert mapped.group_refs == tuple(ResourceRef(name=name, domain_id="default") for name in expected)


def test_requirements_with_conditions_do_not_count_as_placeholders() -> None:
    remote: list[dict[str, Any]] = [{"type": "groups", "any_one_of": ["staff"]}, {"type": "email"}, NAME]
    mapped = map_attributes(
        [rule({"user": {"name": "{1} of {0}", "id": "{0}", "email": "{0}"}}, remote=remote)], ASSERTION
    )
    assert (mapped.name, mapped.unique_id, mapped.email) == ("Ann of ann@corp.example", *2 * ("ann@corp.example",))


def test_all_rules_that_are_met_add_groups_and_the_first_user_counts() -> None:
    rules = [
        rule(USER, {"group": {"id": "g1"}}, remote=[NAME]),
        rule({"user": {"name": "other"}}, {"group": {"id": "g2"}}, {"group_ids": "{0}"}, remote=[{"type": "groups"}]),
        rule({"group": {"name": "never", "domain": {"name": "Default"}}}, remote=[{"type": "absent"}]),
        rule({"group": {"name": "crew", "domain": {"name": "Default"}}}, remote=[{"type": "organization"}]),
    ]
    mapped = map_attributes(rules, ASSERTION)
    assert mapped.name == "Ann"
    assert mapped.group_ids == ("g1", "g2", "staff", "wheel", "guests")
    assert mapped.group_refs == (ResourceRef(name="crew", domain_name="Default"),)


def test_projects_and_their_roles() -> None:
    projects = [{"name": "Project for {0}", "roles": [{"name": "member"}, {"name": "reader"}]}]
    mapped = map_attributes([rule(USER, {"projects": projects, "domain": {"name": "labs"}}, remote=[NAME])], ASSERTION)
    assert mapped.projects == (MappedProject("Project for Ann", ("member", "reader")),)
    assert mapped.domain == ResourceRef(name="labs")


def test_a_local_user_is_referred_to() -> None:
    user = {"user": {"type": "local", "name": "{0}", "domain": {"id": "default"}}}
    assert map_attributes([rule(user, remote=[NAME])], ASSERTION).local == ResourceRef(name="Ann", domain_id="default")


def test_the_name_defaults_to_the_remote_user() -> None:
    mapped = map_attributes([rule({"group": {"id": "g"}}, remote=[NAME])], ASSERTION)
    assert (mapped.name, mapped.unique_id) == ("ann@sso", "ann@sso")


@pytest.mark.parametrize("template", ["{0.__class__}", "{0!r}", "{name}", "{}", "{{0}}", "{0[0]}", "%(0)s", "{0:>9}"])
def test_only_numbers_are_placeholders(template: str) -> None:
    name = map_attributes([rule({"user": {"name": template}}, remote=[NAME])], ASSERTION).name
    assert name == template.replace("{0}", "Ann")


def test_a_placeholder_without_a_value_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        map_attributes([rule({"user": {"name": "{1}"}}, remote=[NAME])], ASSERTION)


def test_a_user_with_several_names_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        map_attributes([rule(USER, remote=[{"type": "groups"}])], ASSERTION)


@pytest.mark.parametrize(
    ("local", "remote"),
    [
        ({"users": {}}, NAME),
        ({"groups": "{0}"}, NAME),
        (USER, {"type": "name", "any_of": ["x"]}),
        (USER, {"any_one_of": ["x"]}),
        (USER, {"type": "name", "any_one_of": "x"}),
        (USER, {"type": "name", "any_one_of": [1]}),
        (USER, {"type": "name", "any_one_of": ["("], "regex": True}),
        (USER, {"type": "name", "whitelist": ["x"], "blacklist": ["y"]}),
    ],
)
def test_invalid_rules(local: dict[str, Any], remote: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        validate_rules([rule(local, remote=[remote])])
    validate_rules([rule(USER, remote=[NAME])])
