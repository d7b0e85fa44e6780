"""Users."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.kit.policy import Caller
from stratiform.services.identity.model import ListQuery, NewUser
from support.identity import IdentityHarness

OTHER_USER = Caller("other", project_id="p1", roles=frozenset({"member", "reader"}))


def test_create_update_delete(harness: IdentityHarness) -> None:
    users = harness.identity.users
    with harness.transaction() as ctx:
        user = users.create(ctx, NewUser("u", extra={"email": "u@example.org"}))
        with pytest.raises(Conflict):
            users.create(ctx, NewUser("u"))
        with pytest.raises(NotFound, match="Could not find domain"):
            users.create(ctx, NewUser("u", domain_id="missing"))
        updated = users.update(ctx, user.id, {"name": "v"}, {"phone": "1"})
        assert updated.extra == {"email": "u@example.org", "phone": "1"}
        with pytest.raises(Conflict):
            users.update(ctx, user.id, {"name": "demo"}, {})
        with pytest.raises(Invalid):
            users.update(ctx, user.id, {"domain_id": "other"}, {})
        users.delete(ctx, user.id)
        with pytest.raises(NotFound, match=f"^Could not find user: {user.id}\\.$"):
            users.get(ctx, user.id)


def test_the_default_project_cannot_be_a_domain(harness: IdentityHarness) -> None:
    with harness.transaction() as ctx, pytest.raises(Invalid, match="cannot be a domain ID"):
        harness.identity.users.create(ctx, NewUser("u", default_project_id="default"))


def test_a_user_without_a_password_cannot_authenticate(harness: IdentityHarness) -> None:
    with harness.transaction() as ctx:
        harness.identity.users.create(ctx, NewUser("u"))
    with pytest.raises(Exception, match="requires authentication"):
        harness.issue_token("u", "")


def test_a_member_can_only_get_the_own_user(harness: IdentityHarness) -> None:
    identity, demo = harness.identity, harness.user("demo")
    with harness.transaction(OTHER_USER) as ctx:
        with pytest.raises(NotFound):
            identity.users.get(ctx, demo.id)
        with pytest.raises(NotFound):
            identity.projects.list_for_user(ctx, demo.id, ListQuery())
        with pytest.raises(Forbidden):
            identity.users.list(ctx, ListQuery())
        with pytest.raises(Forbidden):
            identity.users.create(ctx, NewUser("u"))
    with harness.snapshot(harness.caller(harness.issue_token())) as ctx:
        assert identity.users.get(ctx, demo.id).id == demo.id
        projects = identity.projects.list_for_user(ctx, demo.id, ListQuery()).items
        assert [project.name for project in projects] == ["demo"]
