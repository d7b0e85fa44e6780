"""Projects and domains."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.pagination import Page
from stratiform.kit.policy import Caller
from stratiform.services.identity.model import NewProject, NewUser, Query, TagQuery
from support.identity import Desk, query

MEMBER = Caller("u1", project_id="p1", roles=frozenset({"member", "reader"}))


def test_create_and_show(desk: Desk) -> None:
    with desk.writing() as ctx:
        made = desk.identity.create_project(ctx, NewProject("p", description="d", tags=["b", "a"], extra={"k": [1]}))
        assert desk.identity.project(ctx, made.id) == made
        assert desk.identity.project_name(ctx.db, made.id) == "p"
    assert (made.domain_id, made.parent_id) == ("default", "default")
    assert made.tags == ["a", "b"]
    assert made.extra == {"k": [1]}


def test_a_name_is_free_once_in_a_domain(desk: Desk) -> None:
    with desk.writing() as ctx:
        other = desk.identity.domains.create(ctx, NewProject("other"))
        desk.identity.projects.create(ctx, NewProject("p"))
        desk.identity.projects.create(ctx, NewProject("p", domain_id=other.id))
        with pytest.raises(Conflict) as told:
            desk.identity.projects.create(ctx, NewProject("p"))
        with pytest.raises(Conflict):
            desk.identity.domains.create(ctx, NewProject("other"))
    assert told.value.message == (
        "Conflict occurred attempting to store project - Duplicate entry found with name p at domain ID default."
    )


def test_renaming_to_a_name_that_is_taken(desk: Desk) -> None:
    with desk.writing() as ctx:
        made = desk.identity.projects.create(ctx, NewProject("p"))
        with pytest.raises(Conflict):
            desk.identity.projects.update(ctx, made.id, {"name": "demo"}, {})


def test_what_is_missing(desk: Desk) -> None:
    with desk.writing() as ctx:
        with pytest.raises(NotFound, match=r"^Could not find domain: nope\.$"):
            desk.identity.projects.create(ctx, NewProject("p", domain_id="nope"))
        with pytest.raises(NotFound, match=r"^Could not find project: nope\.$"):
            desk.identity.projects.create(ctx, NewProject("p", parent_id="nope"))
        with pytest.raises(NotFound, match=r"^Could not find project: nope\.$"):
            desk.identity.project_name(ctx.db, "nope")


def test_a_tree(desk: Desk) -> None:
    projects = desk.identity.projects
    with desk.writing() as ctx:
        top = projects.create(ctx, NewProject("top"))
        middle = projects.create(ctx, NewProject("middle", parent_id=top.id))
        low = projects.create(ctx, NewProject("low", parent_id=middle.id))
        assert projects.above(ctx, low) == [middle.id, top.id, "default"]
        assert [each.name for each in projects.below(ctx, top)] == ["middle", "low"]
        with pytest.raises(Forbidden, match="not a leaf"):
            projects.delete(ctx, top.id)
        with pytest.raises(Forbidden, match="subtree contains enabled"):
            projects.update(ctx, top.id, {"enabled": False}, {})
        with pytest.raises(Forbidden, match="parent_id"):
            projects.update(ctx, low.id, {"parent_id": top.id}, {})
        with pytest.raises(Invalid, match="Domain"):
            projects.update(ctx, low.id, {"domain_id": "elsewhere"}, {})
        projects.delete(ctx, low.id)
        with pytest.raises(NotFound):
            projects.get(ctx, low.id)


def test_a_parent_is_of_the_same_domain_and_enabled(desk: Desk) -> None:
    with desk.writing() as ctx:
        other = desk.identity.domains.create(ctx, NewProject("other"))
        top = desk.identity.projects.create(ctx, NewProject("top"))
        with pytest.raises(Invalid):
            desk.identity.projects.create(ctx, NewProject("p", domain_id=other.id, parent_id=top.id))
        desk.identity.projects.update(ctx, top.id, {"enabled": False}, {})
        with pytest.raises(Forbidden):
            desk.identity.projects.create(ctx, NewProject("p", parent_id=top.id))


def test_lists(desk: Desk) -> None:
    projects = desk.identity.projects
    with desk.writing() as ctx:
        for number in range(5):
            projects.create(ctx, NewProject(f"p{number}", tags=["even" if number % 2 == 0 else "odd", "all"]))
        assert [each.name for each in projects.all(ctx, query(name="p3")).items] == ["p3"]
        assert len(projects.all(ctx, Query(name_matches=(("startswith", "p"),))).items) == 5
        assert len(projects.all(ctx, Query(name_matches=(("contains", "%"),))).items) == 0
        even = projects.all(ctx, Query(), TagQuery(any=frozenset({"even"}))).items
        assert [each.name for each in even] == ["p0", "p2", "p4"]
        assert projects.all(ctx, Query(), TagQuery(not_any=frozenset({"all"}))).items[0].name == "admin"
        first = projects.all(ctx, Query(page=Page(limit=3)))
        rest = projects.all(ctx, Query(page=Page(limit=10, marker=first.items[-1].id)))
        assert first.more
        assert not rest.more
        assert len(first.items) + len(rest.items) == 7


def test_a_domain_is_deleted_with_what_is_in_it(desk: Desk) -> None:
    identity = desk.identity
    with desk.writing() as ctx:
        domain = identity.domains.create(ctx, NewProject("d"))
        project = identity.projects.create(ctx, NewProject("p", domain_id=domain.id))
        user = identity.users.create(ctx, NewUser("u", domain_id=domain.id))
        with pytest.raises(Forbidden, match="please disable it first"):
            identity.domains.delete(ctx, domain.id)
        identity.domains.update(ctx, domain.id, {"enabled": False}, {})
        identity.domains.delete(ctx, domain.id)
        with pytest.raises(NotFound):
            identity.domains.get(ctx, domain.id)
        with pytest.raises(NotFound):
            identity.projects.get(ctx, project.id)
        with pytest.raises(NotFound):
            identity.users.get(ctx, user.id)


def test_a_stranger_sees_no_other_project_and_may_change_none(desk: Desk) -> None:
    demo = desk.project("demo")
    own = Caller("u1", project_id=demo.id, roles=frozenset({"member", "reader"}))
    with desk.writing(MEMBER) as ctx:
        for verb in (desk.identity.projects.get, desk.identity.projects.delete):
            with pytest.raises(NotFound, match="Could not find project"):
                verb(ctx, demo.id)
        with pytest.raises(Forbidden, match="identity:list_projects"):
            desk.identity.projects.all(ctx, Query())
        with pytest.raises(Forbidden, match="identity:create_project"):
            desk.identity.projects.create(ctx, NewProject("p"))
    with desk.writing(own) as ctx:
        assert desk.identity.projects.get(ctx, demo.id) == demo
        with pytest.raises(Forbidden, match="identity:delete_project"):
            desk.identity.projects.delete(ctx, demo.id)
        assert desk.identity.domains.get(ctx, "default").name == "Default"


def test_a_deleted_project_leaves_nothing_behind(desk: Desk) -> None:
    user = desk.user("demo")
    with desk.writing() as ctx:
        desk.identity.projects.delete(ctx, desk.project("demo").id)
        assert desk.identity.users.get(ctx, user.id).default_project_id is None
        assert desk.identity.projects.reachable(ctx.db, user.id, Query()) == []
