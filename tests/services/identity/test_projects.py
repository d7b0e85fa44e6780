"""Projects and domains."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.pagination import Page
from stratiform.kit.policy import Caller
from stratiform.services.identity.model import ListQuery, NewProject, NewUser, Project, TagFilter
from support.identity import IdentityHarness, list_query

MEMBER = Caller("u1", project_id="p1", roles=frozenset({"member", "reader"}))


def test_create_and_get(harness: IdentityHarness) -> None:
    identity = harness.identity
    with harness.transaction() as ctx:
        new = NewProject("p", description="d", tags=["b", "a"], extra={"k": [1]})
        project = identity.projects.create(ctx, new)
        assert identity.projects.get(ctx, project.id) == project
    assert project == Project(project.id, "p", "default", "default", description="d", tags=["a", "b"], extra={"k": [1]})


def test_names_are_unique_within_a_domain(harness: IdentityHarness) -> None:
    projects, domains = harness.identity.projects, harness.identity.domains
    with harness.transaction() as ctx:
        other = domains.create(ctx, NewProject("other"))
        projects.create(ctx, NewProject("p"))
        projects.create(ctx, NewProject("p", domain_id=other.id))
        with pytest.raises(Conflict) as conflict:
            projects.create(ctx, NewProject("p"))
        with pytest.raises(Conflict):
            domains.create(ctx, NewProject("other"))
    assert conflict.value.message == (
        "Conflict occurred attempting to store project - Duplicate entry found with name p at domain ID default."
    )


def test_rename_to_an_existing_name(harness: IdentityHarness) -> None:
    with harness.transaction() as ctx:
        project = harness.identity.projects.create(ctx, NewProject("p"))
        with pytest.raises(Conflict):
            harness.identity.projects.update(ctx, project.id, {"name": "demo"}, {})


def test_missing_domain_parent_and_project(harness: IdentityHarness) -> None:
    identity = harness.identity
    with harness.transaction() as ctx:
        with pytest.raises(NotFound, match=r"^Could not find domain: missing\.$"):
            identity.projects.create(ctx, NewProject("p", domain_id="missing"))
        with pytest.raises(NotFound, match=r"^Could not find project: missing\.$"):
            identity.projects.create(ctx, NewProject("p", parent_id="missing"))
        with pytest.raises(NotFound, match=r"^Could not find project: missing\.$"):
            identity.projects.get(ctx, "missing")


def test_project_hierarchy(harness: IdentityHarness) -> None:
    projects = harness.identity.projects
    with harness.transaction() as ctx:
        root = projects.create(ctx, NewProject("root"))
        middle = projects.create(ctx, NewProject("middle", parent_id=root.id))
        leaf = projects.create(ctx, NewProject("leaf", parent_id=middle.id))
        assert projects.list_parent_ids(ctx.db, leaf) == [middle.id, root.id, "default"]
        assert [project.name for project in projects.list_subtree(ctx.db, root)] == ["middle", "leaf"]
        with pytest.raises(Forbidden, match="not a leaf"):
            projects.delete(ctx, root.id)
        with pytest.raises(Forbidden, match="subtree contains enabled"):
            projects.update(ctx, root.id, {"enabled": False}, {})
        with pytest.raises(Forbidden, match="parent_id"):
            projects.update(ctx, leaf.id, {"parent_id": root.id}, {})
        with pytest.raises(Invalid, match="Domain"):
            projects.update(ctx, leaf.id, {"domain_id": "other"}, {})
        projects.delete(ctx, leaf.id)
        with pytest.raises(NotFound):
            projects.get(ctx, leaf.id)


def test_a_parent_is_enabled_and_in_the_same_domain(harness: IdentityHarness) -> None:
    projects = harness.identity.projects
    with harness.transaction() as ctx:
        other = harness.identity.domains.create(ctx, NewProject("other"))
        parent = projects.create(ctx, NewProject("parent"))
        with pytest.raises(Invalid):
            projects.create(ctx, NewProject("p", domain_id=other.id, parent_id=parent.id))
        projects.update(ctx, parent.id, {"enabled": False}, {})
        with pytest.raises(Forbidden):
            projects.create(ctx, NewProject("p", parent_id=parent.id))


def test_list_with_filters_and_pages(harness: IdentityHarness) -> None:
    projects = harness.identity.projects
    with harness.transaction() as ctx:
        for number in range(5):
            projects.create(ctx, NewProject(f"p{number}", tags=["even" if number % 2 == 0 else "odd", "all"]))
        assert [project.name for project in projects.list(ctx, list_query(name="p3")).items] == ["p3"]
        assert len(projects.list(ctx, ListQuery(name_matches=(("startswith", "p"),))).items) == 5
        assert len(projects.list(ctx, ListQuery(name_matches=(("contains", "%"),))).items) == 0
        even = projects.list(ctx, ListQuery(), TagFilter(any=frozenset({"even"}))).items
        assert [project.name for project in even] == ["p0", "p2", "p4"]
        assert projects.list(ctx, ListQuery(), TagFilter(not_any=frozenset({"all"}))).items[0].name == "admin"
        first = projects.list(ctx, ListQuery(page=Page(limit=3)))
        second = projects.list(ctx, ListQuery(page=Page(limit=10, marker=first.items[-1].id)))
        assert first.more
        assert not second.more
        assert len(first.items) + len(second.items) == 7


def test_deleting_a_domain_deletes_its_contents(harness: IdentityHarness) -> None:
    identity = harness.identity
    with harness.transaction() as ctx:
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


def test_a_member_cannot_see_other_projects_or_change_any(harness: IdentityHarness) -> None:
    projects, demo = harness.identity.projects, harness.project("demo")
    with harness.transaction(MEMBER) as ctx:
        for operation in (projects.get, projects.delete):
            with pytest.raises(NotFound, match="Could not find project"):
                operation(ctx, demo.id)
        with pytest.raises(Forbidden, match="identity:list_projects"):
            projects.list(ctx, ListQuery())
        with pytest.raises(Forbidden, match="identity:create_project"):
            projects.create(ctx, NewProject("p"))
    with harness.transaction(Caller("u1", project_id=demo.id, roles=MEMBER.roles)) as ctx:
        assert projects.get(ctx, demo.id) == demo
        with pytest.raises(Forbidden, match="identity:delete_project"):
            projects.delete(ctx, demo.id)
        assert harness.identity.domains.get(ctx, "default").name == "Default"


def test_deleting_a_project_deletes_references_to_it(harness: IdentityHarness) -> None:
    identity, user = harness.identity, harness.user("demo")
    with harness.transaction() as ctx:
        identity.projects.delete(ctx, harness.project("demo").id)
        assert identity.users.get(ctx, user.id).default_project_id is None
        assert identity.projects.list_for_user(ctx, user.id, ListQuery()).items == []


def test_tags(harness: IdentityHarness) -> None:
    tags, project_id = harness.identity.project_tags, harness.project("demo").id
    with harness.transaction() as ctx:
        assert tags.update(ctx, project_id, ["b", "a", "b"]) == ["a", "b"]
        tags.add(ctx, project_id, "c")
        tags.remove(ctx, project_id, "a")
        assert tags.list(ctx, project_id) == ["b", "c"]
        tags.check(ctx, project_id, "b")
        for operation in (tags.check, tags.remove):
            with pytest.raises(NotFound, match=r"^Could not find project tag: a\.$"):
                operation(ctx, project_id, "a")
        tags.clear(ctx, project_id)
        assert tags.list(ctx, project_id) == []
    with harness.transaction(harness.caller(harness.issue_token())) as ctx:
        assert tags.list(ctx, project_id) == []
        with pytest.raises(Forbidden, match="identity:create_project_tag"):
            tags.add(ctx, project_id, "a")
