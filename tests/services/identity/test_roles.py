"""Roles, what they imply, and where they are assigned."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from stratiform.services.identity.model import (
    WHOLE_SYSTEM,
    Assignment,
    Effective,
    Group,
    Named,
    NewProject,
    Query,
    Role,
    ScopeAsked,
    closure,
)
from stratiform.services.identity.service.assignments import Wanted
from support.identity import Desk, query


def role_id(desk: Desk, name: str) -> str:
    with desk.reading() as ctx:
        return desk.identity.roles.all(ctx, query(name=name)).items[0].id


def pairs(found: list[Effective]) -> set[tuple[str, str]]:
    return {(each.assignment.actor_id, each.assignment.role_id) for each in found}


def test_closure() -> None:
    implied = {"a": frozenset({"b", "c"}), "b": frozenset({"d"}), "d": frozenset({"a"})}
    assert closure(["a"], implied) == {"a": "", "b": "a", "c": "a", "d": "b"}
    assert closure([], implied) == {}


def test_create_change_delete(desk: Desk) -> None:
    roles = desk.identity.roles
    with desk.writing() as ctx:
        made = roles.create(ctx, Role("", "operator"))
        with pytest.raises(Conflict):
            roles.create(ctx, Role("", "operator"))
        local = roles.create(ctx, Role("", "operator", "default"))
        assert [each.id for each in roles.all(ctx, Query()).items if each.name == "operator"] == [made.id]
        assert roles.all(ctx, query(domain_id="default")).items == [local]
        assert roles.update(ctx, made.id, {"name": "boss", "domain_id": None}, {}).name == "boss"
        with pytest.raises(Conflict):
            roles.update(ctx, made.id, {"name": "reader"}, {})
        roles.delete(ctx, made.id)
        with pytest.raises(NotFound, match="Could not find role"):
            roles.get(ctx, made.id)


def test_implied(desk: Desk) -> None:
    roles, reader, member = desk.identity.roles, role_id(desk, "reader"), role_id(desk, "member")
    with desk.writing() as ctx:
        assert [each.name for each in roles.all_implied(ctx, member)[1]] == ["reader"]
        assert [(prior.name, implied[0].name) for prior, implied in roles.inferences(ctx)] == [
            ("admin", "manager"),
            ("manager", "member"),
            ("member", "reader"),
        ]
        with pytest.raises(Invalid):
            roles.imply(ctx, reader, member)
        with pytest.raises(Forbidden):
            roles.imply(ctx, reader, role_id(desk, "admin"))
        with pytest.raises(NotFound):
            roles.implied(ctx, reader, member)
        roles.imply_no_more(ctx, member, reader)
        with pytest.raises(NotFound, match="does not imply"):
            roles.imply_no_more(ctx, member, reader)
    assert desk.caller(desk.token()).roles == {"member"}


def test_a_role_of_a_domain_is_never_in_a_token_but_brings_others(desk: Desk) -> None:
    demo, project = desk.user("demo"), desk.project("demo")
    with desk.writing() as ctx:
        fake = desk.identity.roles.create(ctx, Role("", "admin", "default"))
        service = desk.identity.roles.all(ctx, query(name="service")).items[0]
        desk.identity.roles.imply(ctx, fake.id, service.id)
        desk.identity.assignments.grant(ctx, Assignment(fake.id, "user", demo.id, "project", project.id))
        with pytest.raises(Forbidden):
            desk.identity.assignments.grant(ctx, Assignment(fake.id, "user", demo.id, "system", WHOLE_SYSTEM))
    assert desk.caller(desk.token()).roles == {"member", "reader", "service"}


def test_grants(desk: Desk) -> None:
    assignments, demo, project = desk.identity.assignments, desk.user("demo"), desk.project("admin")
    wanted = Assignment(role_id(desk, "reader"), "user", demo.id, "project", project.id)
    with desk.writing() as ctx:
        with pytest.raises(NotFound, match="Could not find role assignment with role"):
            assignments.check(ctx, wanted)
        assignments.grant(ctx, wanted)
        assignments.grant(ctx, wanted)
        assignments.check(ctx, wanted)
        assert [role.name for role in assignments.granted(ctx, wanted)] == ["reader"]
        assignments.revoke(ctx, wanted)
        with pytest.raises(NotFound):
            assignments.revoke(ctx, wanted)
        for broken in (
            Assignment("nope", "user", demo.id, "project", project.id),
            Assignment(wanted.role_id, "group", demo.id, "project", project.id),
            Assignment(wanted.role_id, "user", demo.id, "domain", project.id),
            Assignment(wanted.role_id, "user", demo.id, "project", "nope"),
        ):
            with pytest.raises(NotFound):
                assignments.grant(ctx, broken)


def test_inherited_ones_hold_below_and_not_on_the_place_itself(desk: Desk) -> None:
    demo = desk.user("demo")
    with desk.writing() as ctx:
        top = desk.identity.projects.create(ctx, NewProject("top"))
        low = desk.identity.projects.create(ctx, NewProject("low", parent_id=top.id))
        reader = Assignment(role_id(desk, "reader"), "user", demo.id, "project", top.id, inherited=True)
        desk.identity.assignments.grant(ctx, reader)
    assert desk.caller(desk.token(scope=ScopeAsked("project", Named(id=low.id)))).roles == {"reader"}
    with pytest.raises(Unauthenticated):
        desk.token(scope=ScopeAsked("project", Named(id=top.id)))
    with desk.reading() as ctx:
        found = desk.identity.assignments.all(ctx, Wanted(user_id=demo.id, target_id=low.id, effective=True))
        assert [each.source for each in found] == [reader]
        assert {each.name for each in desk.identity.projects.reachable(ctx.db, demo.id, Query())} == {"demo", "low"}


def test_a_role_inherited_from_the_domain(desk: Desk) -> None:
    demo = desk.user("demo")
    with desk.writing() as ctx:
        reader = Assignment(role_id(desk, "reader"), "user", demo.id, "domain", "default", inherited=True)
        desk.identity.assignments.grant(ctx, reader)
        low = desk.identity.projects.create(ctx, NewProject("low"))
    assert desk.caller(desk.token(scope=ScopeAsked("project", Named(id=low.id)))).roles == {"reader"}
    with pytest.raises(Unauthenticated):
        desk.token(scope=ScopeAsked("domain", Named(id="default")))


def test_lists_of_assignments(desk: Desk) -> None:
    identity, demo, admin, project = desk.identity, desk.user("demo"), desk.user("admin"), desk.project("demo")
    with desk.writing() as ctx:
        group = identity.groups.create(ctx, Group("", "g", ""))
        identity.groups.add(ctx, group.id, admin.id)
        member = role_id(desk, "member")
        identity.assignments.grant(ctx, Assignment(member, "group", group.id, "project", project.id))
        all_of = identity.assignments.all
        assert len(all_of(ctx, Wanted())) == 4
        assert pairs(all_of(ctx, Wanted(group_id=group.id))) == {(group.id, member)}
        assert len(all_of(ctx, Wanted(target_kind="system"))) == 1
        assert len(all_of(ctx, Wanted(target_kind="domain", target_id="default", below=True))) == 3
        reader = role_id(desk, "reader")
        effective = all_of(ctx, Wanted(target_kind="project", target_id=project.id, effective=True))
        assert pairs(effective) == {(who.id, role) for who in (demo, admin) for role in (member, reader)}
        assert all_of(ctx, Wanted(inherited=True)) == []
        assert pairs(all_of(ctx, Wanted(role_id=member, user_id=demo.id))) == {(demo.id, member)}
        with pytest.raises(Invalid):
            all_of(ctx, Wanted(group_id=group.id, effective=True))
        names = identity.assignments.names(ctx, all_of(ctx, Wanted()))
    assert {user.name for user in names.users.values()} == {"admin", "demo"}
    assert {place.name for place in names.projects.values()} == {"admin", "demo", "Default"}


def test_roles_are_held_by_the_deleted_no_more(desk: Desk) -> None:
    with desk.writing() as ctx:
        desk.identity.users.delete(ctx, desk.user("demo").id)
        desk.identity.roles.delete(ctx, role_id(desk, "service"))
        assert len(desk.identity.assignments.all(ctx, Wanted())) == 2
