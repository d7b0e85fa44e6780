"""Roles and implied roles."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.services.identity.model import SYSTEM_TARGET, ListQuery, Role, RoleAssignment, expand_implied_roles
from support.identity import IdentityHarness, list_query


def test_expand_implied_roles() -> None:
    implied = {"a": frozenset({"b", "c"}), "b": frozenset({"d"}), "d": frozenset({"a"})}
    assert expand_implied_roles(["a"], implied) == {"a": "", "b": "a", "c": "a", "d": "b"}
    assert expand_implied_roles([], implied) == {}


def test_create_update_delete(harness: IdentityHarness) -> None:
    roles = harness.identity.roles
    with harness.transaction() as ctx:
        role = roles.create(ctx, Role("", "operator"))
        with pytest.raises(Conflict):
            roles.create(ctx, Role("", "operator"))
        domain_role = roles.create(ctx, Role("", "operator", "default"))
        assert roles.list(ctx, list_query(name="operator")).items == [role]
        assert roles.list(ctx, list_query(domain_id="default")).items == [domain_role]
        assert roles.update(ctx, role.id, {"name": "auditor", "domain_id": None}, {}).name == "auditor"
        with pytest.raises(Conflict):
            roles.update(ctx, role.id, {"name": "reader"}, {})
        roles.delete(ctx, role.id)
        with pytest.raises(NotFound, match="Could not find role"):
            roles.get(ctx, role.id)
        assert domain_role not in roles.list(ctx, ListQuery()).items


def test_implied_roles(harness: IdentityHarness) -> None:
    roles, reader, member = harness.identity.roles, harness.role_id("reader"), harness.role_id("member")
    with harness.transaction() as ctx:
        assert [role.name for role in roles.list_implied(ctx, member)[1]] == ["reader"]
        assert [(prior.name, implied[0].name) for prior, implied in roles.list_inference_rules(ctx)] == [
            ("admin", "manager"),
            ("manager", "member"),
            ("member", "reader"),
        ]
        with pytest.raises(Invalid):
            roles.add_implied(ctx, reader, member)
        with pytest.raises(Forbidden):
            roles.add_implied(ctx, reader, harness.role_id("admin"))
        with pytest.raises(NotFound):
            roles.get_implied(ctx, reader, member)
        roles.remove_implied(ctx, member, reader)
        with pytest.raises(NotFound, match="does not imply"):
            roles.remove_implied(ctx, member, reader)
    assert harness.caller(harness.issue_token()).roles == {"member"}


def test_a_token_has_the_roles_implied_by_a_domain_role_but_not_the_domain_role(harness: IdentityHarness) -> None:
    identity, demo, project = harness.identity, harness.user("demo"), harness.project("demo")
    with harness.transaction() as ctx:
        domain_role = identity.roles.create(ctx, Role("", "admin", "default"))
        identity.roles.add_implied(ctx, domain_role.id, harness.role_id("service"))
        identity.role_assignments.grant(ctx, RoleAssignment(domain_role.id, "user", demo.id, "project", project.id))
        with pytest.raises(Forbidden):
            identity.role_assignments.grant(
                ctx, RoleAssignment(domain_role.id, "user", demo.id, "system", SYSTEM_TARGET)
            )
    assert harness.caller(harness.issue_token()).roles == {"member", "reader", "service"}
