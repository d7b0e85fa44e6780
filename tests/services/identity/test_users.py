"""Users and groups."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.policy import Caller
from stratiform.services.identity.model import Assignment, Group, NewUser, Query
from support.identity import Desk, query

STRANGER = Caller("someone", project_id="p1", roles=frozenset({"member", "reader"}))


def test_create_change_delete(desk: Desk) -> None:
    users = desk.identity.users
    with desk.writing() as ctx:
        made = users.create(ctx, NewUser("u", extra={"email": "u@example.org"}))
        with pytest.raises(Conflict):
            users.create(ctx, NewUser("u"))
        with pytest.raises(NotFound, match="Could not find domain"):
            users.create(ctx, NewUser("u", domain_id="nope"))
        changed = users.update(ctx, made.id, {"name": "v"}, {"phone": "1"})
        assert changed.extra == {"email": "u@example.org", "phone": "1"}
        with pytest.raises(Conflict):
            users.update(ctx, made.id, {"name": "demo"}, {})
        with pytest.raises(Invalid):
            users.update(ctx, made.id, {"domain_id": "other"}, {})
        users.delete(ctx, made.id)
        with pytest.raises(NotFound, match=f"^Could not find user: {made.id}\\.$"):
            users.get(ctx, made.id)


def test_a_domain_is_no_default_project(desk: Desk) -> None:
    with desk.writing() as ctx, pytest.raises(Invalid, match="cannot be a domain ID"):
        desk.identity.users.create(ctx, NewUser("u", default_project_id="default"))


def test_a_user_without_a_password_can_not_sign_in(desk: Desk) -> None:
    with desk.writing() as ctx:
        desk.identity.users.create(ctx, NewUser("u"))
    with pytest.raises(Exception, match="requires authentication"):
        desk.token("u", "")


def test_a_stranger_sees_only_themselves(desk: Desk) -> None:
    demo = desk.user("demo")
    with desk.writing(STRANGER) as ctx:
        with pytest.raises(NotFound):
            desk.identity.users.get(ctx, demo.id)
        with pytest.raises(NotFound):
            desk.identity.projects.of_user(ctx, demo.id, Query())
        with pytest.raises(Forbidden):
            desk.identity.users.all(ctx, Query())
        with pytest.raises(Forbidden):
            desk.identity.users.may_change(ctx)
    with desk.reading(desk.caller(desk.token())) as ctx:
        assert desk.identity.users.get(ctx, demo.id).id == demo.id
        assert [each.name for each in desk.identity.projects.of_user(ctx, demo.id, Query())] == ["demo"]


def test_groups(desk: Desk) -> None:
    groups, demo = desk.identity.groups, desk.user("demo")
    with desk.writing() as ctx:
        made = groups.create(ctx, Group("", "g", "", "some"))
        with pytest.raises(Conflict):
            groups.create(ctx, Group("", "g", ""))
        with pytest.raises(NotFound):
            groups.check(ctx, made.id, demo.id)
        with pytest.raises(NotFound):
            groups.remove(ctx, made.id, demo.id)
        groups.add(ctx, made.id, demo.id)
        groups.add(ctx, made.id, demo.id)
        groups.check(ctx, made.id, demo.id)
        assert [each.name for each in groups.users(ctx, made.id, Query()).items] == ["demo"]
        assert [each.id for each in desk.identity.users.groups(ctx, demo.id, Query()).items] == [made.id]
        assert groups.update(ctx, made.id, {"name": "h"}, {}).name == "h"
        groups.delete(ctx, made.id)
        with pytest.raises(NotFound):
            groups.get(ctx, made.id)
        assert desk.identity.users.groups(ctx, demo.id, Query()).items == []


def test_a_role_of_a_group_is_one_of_its_members(desk: Desk) -> None:
    identity, demo = desk.identity, desk.user("demo")
    admins = desk.project("admin")
    with desk.writing() as ctx:
        group = identity.groups.create(ctx, Group("", "g", ""))
        reader = identity.roles.all(ctx, query(name="reader")).items[0]
        identity.assignments.grant(ctx, Assignment(reader.id, "group", group.id, "project", admins.id))
        identity.groups.add(ctx, group.id, demo.id)
        names = [each.name for each in identity.projects.reachable(ctx.db, demo.id, Query())]
    assert sorted(names) == ["admin", "demo"]
