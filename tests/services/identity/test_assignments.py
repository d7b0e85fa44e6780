"""Role assignments: direct, by a group, inherited, and effective."""

from collections.abc import Iterable

import pytest

from stratiform.kit.errors import Invalid, NotFound, Unauthenticated
from stratiform.services.identity.model import (
    EffectiveRoleAssignment,
    Group,
    ListQuery,
    NewProject,
    ResourceRef,
    RoleAssignment,
    RoleAssignmentFilter,
    ScopeRequest,
)
from support.identity import IdentityHarness


def actors_and_roles(assignments: Iterable[EffectiveRoleAssignment]) -> set[tuple[str, str]]:
    return {(item.assignment.actor_id, item.assignment.role_id) for item in assignments}


def project_scope(project_id: str) -> ScopeRequest:
    return ScopeRequest("project", ResourceRef(id=project_id))


def test_grants(harness: IdentityHarness) -> None:
    assignments, demo, project = harness.identity.role_assignments, harness.user("demo"), harness.project("admin")
    grant = RoleAssignment(harness.role_id("reader"), "user", demo.id, "project", project.id)
    with harness.transaction() as ctx:
        with pytest.raises(NotFound, match="Could not find role assignment with role"):
            assignments.check(ctx, grant)
        assignments.grant(ctx, grant)
        assignments.grant(ctx, grant)
        assignments.check(ctx, grant)
        assert [role.name for role in assignments.list_granted_roles(ctx, grant)] == ["reader"]
        assignments.revoke(ctx, grant)
        with pytest.raises(NotFound):
            assignments.revoke(ctx, grant)
        for invalid in (
            RoleAssignment("missing", "user", demo.id, "project", project.id),
            RoleAssignment(grant.role_id, "group", demo.id, "project", project.id),
            RoleAssignment(grant.role_id, "user", demo.id, "domain", project.id),
            RoleAssignment(grant.role_id, "user", demo.id, "project", "missing"),
        ):
            with pytest.raises(NotFound):
                assignments.grant(ctx, invalid)


def test_an_inherited_role_applies_below_the_project_only(harness: IdentityHarness) -> None:
    identity, demo = harness.identity, harness.user("demo")
    with harness.transaction() as ctx:
        parent = identity.projects.create(ctx, NewProject("parent"))
        child = identity.projects.create(ctx, NewProject("child", parent_id=parent.id))
        grant = RoleAssignment(harness.role_id("reader"), "user", demo.id, "project", parent.id, inherited=True)
        identity.role_assignments.grant(ctx, grant)
    assert harness.caller(harness.issue_token(scope=project_scope(child.id))).roles == {"reader"}
    with pytest.raises(Unauthenticated):
        harness.issue_token(scope=project_scope(parent.id))
    with harness.snapshot() as ctx:
        filters = RoleAssignmentFilter(user_id=demo.id, target_id=child.id, effective=True)
        assert [item.source for item in identity.role_assignments.list(ctx, filters)] == [grant]
        projects = identity.projects.list_for_user(ctx, demo.id, ListQuery()).items
        assert {project.name for project in projects} == {"demo", "child"}


def test_a_role_inherited_from_the_domain(harness: IdentityHarness) -> None:
    demo = harness.user("demo")
    with harness.transaction() as ctx:
        grant = RoleAssignment(harness.role_id("reader"), "user", demo.id, "domain", "default", inherited=True)
        harness.identity.role_assignments.grant(ctx, grant)
        project = harness.identity.projects.create(ctx, NewProject("p"))
    assert harness.caller(harness.issue_token(scope=project_scope(project.id))).roles == {"reader"}
    with pytest.raises(Unauthenticated):
        harness.issue_token(scope=ScopeRequest("domain", ResourceRef(id="default")))


def test_list_with_filters(harness: IdentityHarness) -> None:
    identity, demo, admin = harness.identity, harness.user("demo"), harness.user("admin")
    project, member, reader = harness.project("demo"), harness.role_id("member"), harness.role_id("reader")
    with harness.transaction() as ctx:
        group = identity.groups.create(ctx, Group("", "g", ""))
        identity.groups.add_user(ctx, group.id, admin.id)
        identity.role_assignments.grant(ctx, RoleAssignment(member, "group", group.id, "project", project.id))

        def matching(filters: RoleAssignmentFilter) -> set[tuple[str, str]]:
            return actors_and_roles(identity.role_assignments.list(ctx, filters))

        everything = identity.role_assignments.list(ctx, RoleAssignmentFilter())
        assert len(everything) == 4
        assert matching(RoleAssignmentFilter(group_id=group.id)) == {(group.id, member)}
        assert len(matching(RoleAssignmentFilter(target_kind="system"))) == 1
        subtree = RoleAssignmentFilter(target_kind="domain", target_id="default", include_subtree=True)
        assert len(identity.role_assignments.list(ctx, subtree)) == 3
        effective = RoleAssignmentFilter(target_kind="project", target_id=project.id, effective=True)
        assert matching(effective) == {(user.id, role) for user in (demo, admin) for role in (member, reader)}
        assert matching(RoleAssignmentFilter(inherited=True)) == set()
        assert matching(RoleAssignmentFilter(role_id=member, user_id=demo.id)) == {(demo.id, member)}
        with pytest.raises(Invalid):
            identity.role_assignments.list(ctx, RoleAssignmentFilter(group_id=group.id, effective=True))
        resources = identity.role_assignments.load_resources(ctx.db, everything)
    assert {user.name for user in resources.users.values()} == {"admin", "demo"}
    assert {project.name for project in resources.projects.values()} == {"admin", "demo", "Default"}


def test_deleting_a_user_or_a_role_deletes_its_assignments(harness: IdentityHarness) -> None:
    identity = harness.identity
    with harness.transaction() as ctx:
        identity.users.delete(ctx, harness.user("demo").id)
        identity.roles.delete(ctx, harness.role_id("service"))
        assert len(identity.role_assignments.list(ctx, RoleAssignmentFilter())) == 2
