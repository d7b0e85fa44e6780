"""Overrides of policy rules in a file of oslo.policy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.app.manifests import SERVICES
from stratiform.kit import policy
from stratiform.kit.errors import Forbidden, Invalid
from stratiform.kit.policy import Caller, Rule, admin, project_member
from stratiform.kit.policy_files import load_policy_file

CREATE = Rule("os_compute_api:servers:create", project_member)
DELETE = Rule("os_compute_api:servers:delete", project_member)
FLAVOR = Rule("os_compute_api:os-flavor-manage:create", admin)
RULES = (CREATE, DELETE, FLAVOR)

OPERATOR = Caller("u0", "p0", roles=frozenset({"admin", "member", "reader"}))
MEMBER = Caller("u1", "p1", roles=frozenset({"member", "reader"}))
READER = Caller("u2", "p1", roles=frozenset({"reader"}))
SUPPORT = Caller("u3", "p2", roles=frozenset({"support"}), system=True)
UNSCOPED = Caller("u4")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    policy.override_rules({})


def override(tmp_path: Path, text: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    policy.override_rules(load_policy_file(file, RULES))


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("!", ""),
        ("@", "u0 u1 u2 u3 u4"),
        ("", "u0 u1 u2 u3 u4"),
        ("role:member", "u0 u1"),
        ("ROLE_NAME:x or role:Member", None),
        ("role:reader and project_id:%(project_id)s", "u1 u2"),
        ("not role:member", "u2 u3 u4"),
        ("(role:member or role:support) and not user_id:u1", "u0 u3"),
        ("system_scope:all", "u3"),
        ("is_admin:True", "u0"),
        ("rule:admin_or_owner", "u0 u1 u2"),
        ("rule:os_compute_api:servers:delete", "u0 u1"),
        ("'p2':%(project_id)s", ""),
        ("rule:a_helper", "u3"),
    ],
)
def test_expressions_replace_a_rule(tmp_path: Path, expression: str, allowed: str | None) -> None:
    text = f'"os_compute_api:servers:create": "{expression}"\na_helper: "role:support"\n'
    if allowed is None or "a_helper" not in expression:
        text = text.splitlines()[0]
    if allowed is None:
        with pytest.raises(Invalid, match="unknown attribute of callers 'ROLE_NAME'"):
            override(tmp_path, text)
        return
    override(tmp_path, text)
    callers = (OPERATOR, MEMBER, READER, SUPPORT, UNSCOPED)
    assert " ".join(caller.user_id for caller in callers if CREATE.allows(caller, "p1")) == allowed
    assert DELETE.allows(MEMBER, "p1")
    assert not DELETE.allows(READER, "p1")


def test_a_resource_of_no_project_has_the_attributes_of_the_caller(tmp_path: Path) -> None:
    override(tmp_path, f'"{FLAVOR.name}": "role:member and project_id:%(project_id)s"')
    FLAVOR.require(MEMBER, None)
    for caller in (READER, UNSCOPED):
        with pytest.raises(Forbidden):
            FLAVOR.require(caller, None)
    override(tmp_path, f'"{FLAVOR.name}": "project_id:%(project_id)s"')
    assert not FLAVOR.allows(UNSCOPED, None), "missing attributes are not equal"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"os_compute_api:servers:creat": "@"', "unknown rule 'os_compute_api:servers:creat'"),
        ('nothing: "@"', "unknown rule 'nothing'"),
        (f'"{CREATE.name}": "role:a and"', "has a syntax error: 'role:a and'"),
        (f'"{CREATE.name}": "role:a or (role:b"', "has a syntax error"),
        (f'"{CREATE.name}": "admin"', "has a syntax error: 'admin'"),
        (f'"{CREATE.name}": "role:a or nonsense"', "has a syntax error"),
        (f'"{CREATE.name}": "rule:nothing"', "refers to the unknown rule 'nothing'"),
        (f'"{CREATE.name}": "rule:{CREATE.name}"', "refers to itself"),
        (f'"{CREATE.name}": "rule:a"\na: "rule:b"\nb: "rule:a"', "refers to itself"),
        (f'"{CREATE.name}": "http://example.com/%(name)s"', "checks of the kind http are not supported"),
        (f'"{CREATE.name}": "field:networks:shared=True"', "unknown attribute of callers 'field'"),
        (f'"{CREATE.name}": "project_id:%(network:tenant_id)s"', "unknown attribute of resources 'network:tenant_id'"),
        (f'"{CREATE.name}": "project_id:%(project_id)d"', "invalid text"),
        (f'"{CREATE.name}": 1', "is not a string"),
        ("[1", "is not valid YAML"),
        ("- a", "expected a mapping"),
        ("1: a", "expected a mapping"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Invalid) as error:
        override(tmp_path, text)
    assert message in error.value.message
    assert "policy.yaml" in error.value.message
    assert "\n" not in error.value.message
    assert CREATE.allows(MEMBER, "p1")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"nothing\.yaml: No such file or directory"):
        load_policy_file(tmp_path / "nothing.yaml", RULES)


def test_json_and_empty_files_are_valid(tmp_path: Path) -> None:
    override(tmp_path, "")
    override(tmp_path, '{"os_compute_api:servers:create": "!"}')
    assert not CREATE.allows(OPERATOR, "p1")


def test_every_rule_can_be_overridden(tmp_path: Path) -> None:
    rules = [rule for manifest in SERVICES for rule in manifest.rules]
    file = tmp_path / "policy.yaml"
    file.write_text("\n".join(f'"{rule.name}": "!"' for rule in rules))
    policy.override_rules(load_policy_file(file, rules))
    assert [rule.name for rule in rules if rule.allows_some_resource(OPERATOR)] == []
    file.write_text("\n".join(f'"{rule.name}": "@"' for rule in rules))
    policy.override_rules(load_policy_file(file, rules))
    assert [rule.name for rule in rules if not rule.allows_some_resource(UNSCOPED)] == []
