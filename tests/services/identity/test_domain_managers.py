"""Operators, admins of customers' projects, and domain managers with their limits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Forbidden, NotFound
from stratiform.kit.policy import Caller
from stratiform.services.identity.model import (
    DEFAULT_DOMAIN,
    AuthRequest,
    Group,
    ListQuery,
    NewProject,
    NewUser,
    ResourceRef,
    Role,
    RoleAssignment,
    RoleAssignmentFilter,
    ScopeRequest,
    TargetKind,
)
from stratiform.services.identity.service.operator_privileges import OperatorPrivileges
from support.identity import IdentityHarness, list_query, open_harness, password_auth

Operation = Callable[[RequestContext], object]


@dataclass(frozen=True, slots=True)
class Reseller:
    """A domain with a project and a user, and its manager."""

    harness: IdentityHarness
    domain_id: str
    project_id: str
    user_id: str
    manager_id: str

    def caller(self, name: str, scope: ScopeRequest) -> Caller:
        domain = "Default" if name in ("admin", "demo") else "reseller"
        request = AuthRequest((password_auth(name, "pass", domain),), scope)
        return self.harness.authenticate(request)[1].caller

    @contextmanager
    def as_manager(self) -> Iterator[RequestContext]:
        scope = ScopeRequest("domain", ResourceRef(id=self.domain_id))
        with self.harness.transaction(self.caller("boss", scope)) as ctx:
            yield ctx

    def grant(self, role: str, user_id: str, kind: TargetKind, target_id: str, *, inherited: bool = False) -> None:
        assignment = RoleAssignment(self.harness.role_id(role), "user", user_id, kind, target_id, inherited)
        with self.harness.transaction() as ctx:
            self.harness.identity.role_assignments.grant(ctx, assignment)


def create_reseller(harness: IdentityHarness, domain_name: str = "reseller") -> Reseller:
    identity = harness.identity
    with harness.transaction() as ctx:
        password = identity.users.hash_password("pass")
        domain = identity.domains.create(ctx, NewProject(domain_name))
        project = identity.projects.create(ctx, NewProject("shop", domain_id=domain.id))
        user = identity.users.create(ctx, NewUser("clerk", domain_id=domain.id, password=password))
        manager = identity.users.create(ctx, NewUser("boss", domain_id=domain.id, password=password))
    reseller = Reseller(harness, domain.id, project.id, user.id, manager.id)
    reseller.grant("manager", manager.id, "domain", domain.id)
    return reseller


@pytest.fixture
def reseller(harness: IdentityHarness) -> Reseller:
    return create_reseller(harness)


@pytest.mark.parametrize("role", ["admin", "manager"])
def test_an_admin_of_a_customers_project_is_no_operator(reseller: Reseller, role: str) -> None:
    reseller.grant(role, reseller.user_id, "project", reseller.project_id)
    caller = reseller.caller("clerk", ScopeRequest("project", ResourceRef(id=reseller.project_id)))
    assert not caller.is_admin
    assert caller.roles == {"manager", "member", "reader"}
    with reseller.harness.snapshot(caller) as ctx, pytest.raises(Forbidden):
        reseller.harness.identity.users.list(ctx, ListQuery())


def test_a_domain_admin_is_a_domain_manager(reseller: Reseller) -> None:
    reseller.grant("admin", reseller.user_id, "domain", reseller.domain_id)
    caller = reseller.caller("clerk", ScopeRequest("domain", ResourceRef(id=reseller.domain_id)))
    assert caller.roles == {"manager", "member", "reader"}


def test_admins_of_the_system_and_of_the_admin_project_are_operators(harness: IdentityHarness) -> None:
    scopes = [ScopeRequest("system"), ScopeRequest("project", ResourceRef(name="admin", domain_name="Default"))]
    for scope in scopes:
        assert harness.authenticate(AuthRequest((password_auth("admin"),), scope))[1].caller.is_admin


def test_without_an_admin_project_every_admin_is_an_operator(tmp_path: Path) -> None:
    with open_harness(f"sqlite:///{tmp_path / 'identity.db'}", tmp_path, admin_project_name="") as harness:
        reseller = create_reseller(harness)
        reseller.grant("admin", reseller.user_id, "project", reseller.project_id)
        scope = ScopeRequest("project", ResourceRef(id=reseller.project_id))
        assert reseller.caller("clerk", scope).is_admin


def test_a_project_of_that_name_in_another_domain_makes_no_operators(reseller: Reseller) -> None:
    with reseller.as_manager() as ctx:
        project = reseller.harness.identity.projects.create(ctx, NewProject("admin"))
    assert project.domain_id == reseller.domain_id
    reseller.grant("admin", reseller.user_id, "project", project.id)
    assert not reseller.caller("clerk", ScopeRequest("project", ResourceRef(id=project.id))).is_admin


def test_a_manager_manages_the_own_domain(reseller: Reseller) -> None:
    identity = reseller.harness.identity
    with reseller.as_manager() as ctx:
        user = identity.users.create(ctx, NewUser("new"))
        group = identity.groups.create(ctx, Group("", "team", ""))
        project = identity.projects.create(ctx, NewProject("branch", parent_id=reseller.project_id))
        role = identity.roles.create(ctx, Role("", "cashier", reseller.domain_id))
        assert {user.domain_id, group.domain_id, project.domain_id} == {reseller.domain_id}
        identity.users.update(ctx, user.id, {"enabled": False}, {})
        identity.projects.update(ctx, project.id, {"description": "d"}, {})
        identity.project_tags.add(ctx, project.id, "tag")
        identity.groups.add_user(ctx, group.id, user.id)
        identity.roles.add_implied(ctx, role.id, reseller.harness.role_id("member"))
        for granted in (role.id, reseller.harness.role_id("manager")):
            assignment = RoleAssignment(granted, "user", user.id, "project", project.id)
            identity.role_assignments.grant(ctx, assignment)
            identity.role_assignments.check(ctx, assignment)
            identity.role_assignments.revoke(ctx, assignment)
        identity.roles.delete(ctx, role.id)
        identity.projects.delete(ctx, project.id)
        identity.groups.delete(ctx, group.id)
        identity.users.delete(ctx, user.id)


def test_lists_are_limited_to_the_own_domain(reseller: Reseller) -> None:
    identity = reseller.harness.identity
    with reseller.as_manager() as ctx:
        assert [user.name for user in identity.users.list(ctx, ListQuery()).items] == ["clerk", "boss"]
        assert identity.users.list(ctx, list_query(domain_id=DEFAULT_DOMAIN)).items == []
        assert [project.name for project in identity.projects.list(ctx, ListQuery()).items] == ["shop"]
        assert [domain.id for domain in identity.domains.list(ctx, ListQuery()).items] == [reseller.domain_id]
        assert identity.groups.list(ctx, ListQuery()).items == []
        assert "member" in {role.name for role in identity.roles.list(ctx, ListQuery()).items}
        assignments = identity.role_assignments.list(ctx, RoleAssignmentFilter())
        assert {item.assignment.target_id for item in assignments} == {reseller.domain_id}


def test_a_reader_of_the_domain_changes_nothing(reseller: Reseller) -> None:
    identity = reseller.harness.identity
    reseller.grant("reader", reseller.user_id, "domain", reseller.domain_id)
    caller = reseller.caller("clerk", ScopeRequest("domain", ResourceRef(id=reseller.domain_id)))
    with reseller.harness.transaction(caller) as ctx:
        assert identity.users.get(ctx, reseller.manager_id).name == "boss"
        with pytest.raises(Forbidden):
            identity.users.update(ctx, reseller.manager_id, {"enabled": False}, {})
        with pytest.raises(Forbidden):
            identity.projects.create(ctx, NewProject("p"))


def test_resources_of_other_domains_are_hidden(reseller: Reseller) -> None:
    identity, harness = reseller.harness.identity, reseller.harness
    demo, project = harness.user("demo"), harness.project("demo")
    with harness.transaction() as ctx:
        group = identity.groups.create(ctx, Group("", "g", DEFAULT_DOMAIN))
    member = harness.role_id("member")
    hidden: list[Operation] = [
        lambda ctx: identity.users.get(ctx, demo.id),
        lambda ctx: identity.users.update(ctx, demo.id, {"enabled": False}, {}),
        lambda ctx: identity.users.delete(ctx, demo.id),
        lambda ctx: identity.projects.get(ctx, project.id),
        lambda ctx: identity.projects.update(ctx, project.id, {"enabled": False}, {}),
        lambda ctx: identity.projects.delete(ctx, project.id),
        lambda ctx: identity.project_tags.add(ctx, project.id, "t"),
        lambda ctx: identity.projects.list_for_user(ctx, demo.id, ListQuery()),
        lambda ctx: identity.groups.get(ctx, group.id),
        lambda ctx: identity.groups.add_user(ctx, group.id, reseller.user_id),
        lambda ctx: identity.groups.list_users(ctx, group.id, ListQuery()),
        lambda ctx: identity.role_assignments.grant(
            ctx, RoleAssignment(member, "user", reseller.user_id, "project", project.id)
        ),
        lambda ctx: identity.role_assignments.grant(
            ctx, RoleAssignment(member, "user", demo.id, "project", reseller.project_id)
        ),
        lambda ctx: identity.role_assignments.list_granted_roles(
            ctx, RoleAssignment("", "user", demo.id, "project", project.id)
        ),
    ]
    for operation in hidden:
        with reseller.as_manager() as ctx, pytest.raises(NotFound):
            operation(ctx)
    forbidden: list[Operation] = [
        lambda ctx: identity.users.create(ctx, NewUser("u", domain_id=DEFAULT_DOMAIN)),
        lambda ctx: identity.projects.create(ctx, NewProject("p", domain_id=DEFAULT_DOMAIN)),
        lambda ctx: identity.projects.create(ctx, NewProject("p", parent_id=project.id)),
        lambda ctx: identity.groups.create(ctx, Group("", "h", DEFAULT_DOMAIN)),
        lambda ctx: identity.domains.create(ctx, NewProject("d")),
        lambda ctx: identity.domains.update(ctx, reseller.domain_id, {"enabled": False}, {}),
        lambda ctx: identity.projects.update(ctx, reseller.domain_id, {"enabled": False}, {}),
        lambda ctx: identity.roles.create(ctx, Role("", "r")),
        lambda ctx: identity.roles.update(ctx, member, {"name": "x"}, {}),
        lambda ctx: identity.roles.add_implied(ctx, member, harness.role_id("service")),
    ]
    for operation in forbidden:
        with reseller.as_manager() as ctx, pytest.raises(Forbidden):
            operation(ctx)


def test_a_manager_cannot_assign_more_than_the_own_roles(reseller: Reseller) -> None:
    identity = reseller.harness.identity
    with reseller.harness.transaction() as ctx:
        strong = identity.roles.create(ctx, Role("", "strong", reseller.domain_id))
        identity.roles.add_implied(ctx, strong.id, reseller.harness.role_id("service"))
    for role_id in (reseller.harness.role_id("admin"), reseller.harness.role_id("service"), strong.id):
        for inherited in (False, True):
            assignment = RoleAssignment(role_id, "user", reseller.user_id, "project", reseller.project_id, inherited)
            with reseller.as_manager() as ctx, pytest.raises(Forbidden):
                identity.role_assignments.grant(ctx, assignment)
    system = RoleAssignment(reseller.harness.role_id("reader"), "user", reseller.user_id, "system", "system")
    with reseller.as_manager() as ctx, pytest.raises(Forbidden):
        identity.role_assignments.grant(ctx, system)


def test_a_manager_of_the_default_domain_cannot_become_an_operator(harness: IdentityHarness) -> None:
    """Neither by the operators' users, groups and project, nor by a project that takes its name."""
    identity, admin, demo = harness.identity, harness.user("admin"), harness.user("demo")
    admin_project, admin_role = harness.project("admin"), harness.role_id("admin")
    with harness.transaction() as ctx:
        operators = identity.groups.create(ctx, Group("", "operators", DEFAULT_DOMAIN))
        auditors = identity.groups.create(ctx, Group("", "auditors", DEFAULT_DOMAIN))
        heirs = identity.groups.create(ctx, Group("", "heirs", DEFAULT_DOMAIN))
        grants = [
            RoleAssignment(admin_role, "group", operators.id, "project", admin_project.id),
            RoleAssignment(harness.role_id("reader"), "group", auditors.id, "system", "system"),
            RoleAssignment(admin_role, "group", heirs.id, "domain", DEFAULT_DOMAIN, inherited=True),
            RoleAssignment(harness.role_id("manager"), "user", demo.id, "domain", DEFAULT_DOMAIN),
        ]
        for grant in grants:
            identity.role_assignments.grant(ctx, grant)
        other = identity.projects.create(ctx, NewProject("other"))
    request = AuthRequest((password_auth("demo"),), ScopeRequest("domain", ResourceRef(id=DEFAULT_DOMAIN)))
    manager = harness.authenticate(request)[1].caller
    member = harness.role_id("member")
    refused: list[Operation] = [
        lambda ctx: identity.users.update(ctx, admin.id, {"password": "x"}, {}),
        lambda ctx: identity.users.delete(ctx, admin.id),
        *(
            lambda ctx, group=group: identity.groups.add_user(ctx, group.id, demo.id)
            for group in (operators, auditors, heirs)
        ),
        lambda ctx: identity.groups.delete(ctx, operators.id),
        lambda ctx: identity.projects.update(ctx, admin_project.id, {"name": "x"}, {}),
        lambda ctx: identity.projects.update(ctx, other.id, {"name": "admin"}, {}),
        lambda ctx: identity.projects.delete(ctx, admin_project.id),
        lambda ctx: identity.projects.create(ctx, NewProject("admin")),
        lambda ctx: identity.project_tags.add(ctx, admin_project.id, "t"),
        lambda ctx: identity.role_assignments.revoke(
            ctx, RoleAssignment(admin_role, "user", admin.id, "project", admin_project.id)
        ),
        lambda ctx: identity.role_assignments.grant(
            ctx, RoleAssignment(member, "user", demo.id, "project", admin_project.id)
        ),
    ]
    for operation in refused:
        with harness.transaction(manager) as ctx, pytest.raises(Forbidden):
            operation(ctx)
    with harness.transaction(manager) as ctx:  # what is not the operators' can be changed
        identity.projects.update(ctx, other.id, {"name": "renamed"}, {})
        identity.role_assignments.grant(ctx, RoleAssignment(member, "user", demo.id, "project", other.id))


def test_names_of_the_admin_project_are_compared_in_the_default_domain() -> None:
    privileges = OperatorPrivileges("ops")
    assert privileges.is_reserved_name("ops", DEFAULT_DOMAIN)
    assert not privileges.is_reserved_name("ops", "other")
    assert not privileges.is_reserved_name("admin", DEFAULT_DOMAIN)
    assert not OperatorPrivileges("").is_reserved_name("", DEFAULT_DOMAIN)
