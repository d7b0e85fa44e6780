"""Groups and their members."""

import pytest

from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.identity.model import Group, ListQuery, RoleAssignment
from support.identity import IdentityHarness


def test_groups(harness: IdentityHarness) -> None:
    groups, users, demo = harness.identity.groups, harness.identity.users, harness.user("demo")
    with harness.transaction() as ctx:
        group = groups.create(ctx, Group("", "g", "", "description"))
        with pytest.raises(Conflict):
            groups.create(ctx, Group("", "g", ""))
        with pytest.raises(NotFound):
            groups.check_user(ctx, group.id, demo.id)
        with pytest.raises(NotFound):
            groups.remove_user(ctx, group.id, demo.id)
        groups.add_user(ctx, group.id, demo.id)
        groups.add_user(ctx, group.id, demo.id)
        groups.check_user(ctx, group.id, demo.id)
        assert [user.name for user in groups.list_users(ctx, group.id, ListQuery()).items] == ["demo"]
        assert [item.id for item in users.list_groups(ctx, demo.id, ListQuery()).items] == [group.id]
        assert groups.update(ctx, group.id, {"name": "h"}, {}).name == "h"
        groups.delete(ctx, group.id)
        with pytest.raises(NotFound):
            groups.get(ctx, group.id)
        assert users.list_groups(ctx, demo.id, ListQuery()).items == []


def test_members_have_the_roles_of_their_group(harness: IdentityHarness) -> None:
    identity, demo = harness.identity, harness.user("demo")
    with harness.transaction() as ctx:
        group = identity.groups.create(ctx, Group("", "g", ""))
        grant = RoleAssignment(harness.role_id("reader"), "group", group.id, "project", harness.project("admin").id)
        identity.role_assignments.grant(ctx, grant)
        identity.groups.add_user(ctx, group.id, demo.id)
        projects = identity.projects.list_for_user(ctx, demo.id, ListQuery()).items
    assert sorted(project.name for project in projects) == ["admin", "demo"]
