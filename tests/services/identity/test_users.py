"""Users and groups."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.policy import Caller
from stratiform.services.identity.model import Assignment, Group, NewUser, Query
from support.identity import Desk, query

STRANGER = Caller("someone", project_id="p1", roles=frozenset({"member", "reader"}))


def test_create_change_delete(desk: Desk) -> None:
    users = desk.identity.users
    with desk.writing() as call:
        made = users.create(call, NewUser("u", extra={"email": "u@example.org"}))
        with pytest.raises(Conflict):
            users.create(call, NewUser("u"))
        with pytest.raises(NotFound, match="Could not find domain"):
            users.create(call, NewUser("u", domain_id="nope"))
        changed = users.update(call, made.id, {"name": "v"}, {"phone": "1"})
        assert changed.extra == {"email": "u@example.org", "phone": "1"}
        with pytest.raises(Conflict):
            users.update(call, made.id, {"name": "demo"}, {})
        with pytest.raises(Invalid):
            users.update(call, made.id, {"domain_id": "other"}, {})
        users.delete(call, made.id)
        with pytest.raises(NotFound, match=f"^Could not find user: {made.id}\\.$"):
            users.get(call, made.id)


def test_a_domain_is_no_default_project(desk: Desk) -> None:
    with desk.writing() as call, pytest.raises(Invalid, match="cannot be a domain ID"):
        desk.identity.users.create(call, NewUser("u", default_project_id="default"))


def test_a_user_without_a_password_can_not_sign_in(desk: Desk) -> None:
    with desk.writing() as call:
        desk.identity.users.create(call, NewUser("u"))
    with pytest.raises(Exception, match="requires authentication"):
        desk.token("u", "")


def test_a_stranger_sees_only_themselves(desk: Desk) -> None:
    demo = desk.user("demo")
    with desk.writing(STRANGER) as call:
        with pytest.raises(NotFound):
            desk.identity.users.get(call, demo.id)
        with pytest.raises(NotFound):
            desk.identity.projects.of_user(call, demo.id, Query())
        with pytest.raises(Forbidden):
            desk.identity.users.all(call, Query())
        with pytest.raises(Forbidden):
            desk.identity.users.may_change(call)
    with desk.reading(desk.caller(desk.token())) as call:
        assert desk.identity.users.get(call, demo.id).id == demo.id
        assert [each.name for each in desk.identity.projects.of_user(call, demo.id, Query())] == ["demo"]


def test_groups(desk: Desk) -> None:
    groups, demo = desk.identity.groups, desk.user("demo")
    with desk.writing() as call:
        made = groups.create(call, Group("", "g", "", "some"))
        with pytest.raises(Conflict):
            groups.create(call, Group("", "g", ""))
        with pytest.raises(NotFound):
            groups.check(call, made.id, demo.id)
        with pytest.raises(NotFound):
            groups.remove(call, made.id, demo.id)
        groups.add(call, made.id, demo.id)
        groups.add(call, made.id, demo.id)
        groups.check(call, made.id, demo.id)
        assert [each.name for each in groups.users(call, made.id, Query()).items] == ["demo"]
        assert [each.id for each in desk.identity.users.groups(call, demo.id, Query()).items] == [made.id]
        assert groups.update(call, made.id, {"name": "h"}, {}).name == "h"
        groups.delete(call, made.id)
        with pytest.raises(NotFound):
            groups.get(call, made.id)
        assert desk.identity.users.groups(call, demo.id, Query()).items == []


def test_a_role_of_a_group_is_one_of_its_members(desk: Desk) -> None:
    identity, demo = desk.identity, desk.user("demo")
    admins = desk.project("admin")
    with desk.writing() as call:
        group = identity.groups.create(call, Group("", "g", ""))
        reader = identity.roles.all(call, query(name="reader")).items[0]
        identity.assignments.grant(call, Assignment(reader.id, "group", group.id, "project", admins.id))
        identity.groups.add(call, group.id, demo.id)
        names = [each.name for each in identity.projects.reachable(call.db, demo.id, Query())]
    assert sorted(names) == ["admin", "demo"]
