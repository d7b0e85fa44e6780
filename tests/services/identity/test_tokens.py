"""Validation, expiry and revocation of tokens."""

import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Forbidden, NotFound, Unauthenticated
from stratiform.services.identity.model import (
    AuthRequest,
    NewProject,
    ResourceRef,
    RoleAssignment,
    ScopeRequest,
    TokenAuth,
)
from support.identity import IdentityHarness, second_process

HOUR_US = 3600 * SECOND_US


def test_the_caller_has_the_roles_and_names_of_the_token(harness: IdentityHarness) -> None:
    caller = harness.caller(harness.issue_token("admin"))
    assert caller.roles == {"admin", "manager", "member", "reader"}
    assert (caller.user_name, caller.project_name) == ("admin", "admin")
    assert (caller.user_domain_id, caller.project_domain_id) == ("default", "default")


def test_a_token_expires(harness: IdentityHarness) -> None:
    token_id = harness.issue_token()
    harness.clock.advance(HOUR_US - 1)
    harness.validate(token_id)
    harness.clock.advance(1)
    with pytest.raises(Unauthenticated):
        harness.validate(token_id)


def test_a_service_can_validate_an_expired_token(harness: IdentityHarness) -> None:
    token_id = harness.issue_token()
    harness.clock.advance(2 * HOUR_US)
    with harness.snapshot() as ctx:
        assert harness.identity.tokens.get_subject_token(ctx, token_id, allow_expired=True).user.name == "demo"
        with pytest.raises(NotFound):
            harness.identity.tokens.get_subject_token(ctx, token_id)


@pytest.mark.parametrize("token_id", ["", "gAAAAA", "x" * 300, "ünïcode", "a.b", "=" * 8])
def test_malformed_tokens_are_refused(harness: IdentityHarness, token_id: str) -> None:
    with pytest.raises(Unauthenticated):
        harness.validate(token_id)


def test_a_modified_token_is_refused(harness: IdentityHarness) -> None:
    token_id = harness.issue_token()
    for index in (10, 60, len(token_id) - 5):
        modified = token_id[:index] + ("A" if token_id[index] != "A" else "B") + token_id[index + 1 :]
        with pytest.raises(Unauthenticated):
            harness.validate(modified)


def test_a_revoked_token_is_refused(harness: IdentityHarness) -> None:
    token_id, other_id = harness.issue_token(), harness.issue_token()
    harness.validate(token_id)
    with harness.transaction(harness.caller(token_id)) as ctx:
        harness.identity.tokens.revoke(ctx, token_id)
    with pytest.raises(Unauthenticated):
        harness.validate(token_id)
    harness.validate(other_id)


def revoke(harness: IdentityHarness, token_id: str, *, chain: bool = False) -> None:
    with harness.transaction(harness.caller(token_id)) as ctx:
        harness.identity.tokens.revoke(ctx, token_id, chain=chain)


def is_valid(harness: IdentityHarness, token_id: str) -> bool:
    try:
        harness.validate(token_id)
    except Unauthenticated:
        return False
    return True


def exchange(harness: IdentityHarness, token_id: str) -> str:
    """Return a token that was issued for another one."""
    return harness.authenticate(AuthRequest((TokenAuth(token_id),), None))[0]


def test_tokens_that_were_issued_for_a_revoked_one_are_refused(harness: IdentityHarness) -> None:
    """Also over several generations, in other processes, and not those that it was issued for."""
    first = harness.issue_token()
    second = exchange(harness, first)
    third, sibling = exchange(harness, second), exchange(harness, first)
    other = second_process(harness)
    assert all(is_valid(process, token) for process in (harness, other) for token in (first, second, third, sibling))
    revoke(harness, second)
    harness.clock.advance(SECOND_US)  # other processes see a change within half a second
    for process in (harness, other):
        valid = [is_valid(process, token) for token in (first, second, third, sibling)]
        assert valid == [True, False, False, True]
    revoke(harness, first)
    harness.clock.advance(SECOND_US)
    assert not any(is_valid(process, token) for process in (harness, other) for token in (first, sibling))


def test_the_chain_of_a_token_is_revoked_from_its_sign_in(harness: IdentityHarness) -> None:
    first, unrelated = harness.issue_token(), harness.issue_token()
    second = exchange(harness, first)
    third, sibling = exchange(harness, second), exchange(harness, first)
    revoke(harness, third, chain=True)
    assert not any(is_valid(harness, token) for token in (first, second, third, sibling))
    assert is_valid(harness, unrelated)


def test_a_chain_is_revoked_until_its_last_token_expires(harness: IdentityHarness) -> None:
    first = harness.issue_token()
    harness.clock.advance(HOUR_US // 2)
    second = exchange(harness, first)
    assert harness.validate(second).claims.expires_at == harness.validate(first).claims.expires_at
    revoke(harness, second, chain=True)
    harness.clock.advance(HOUR_US // 2 - 1)
    revoke(harness, harness.issue_token())  # deletes the revocations of expired tokens
    assert not is_valid(harness, first)


def test_a_chain_has_a_limit(harness: IdentityHarness) -> None:
    token_id = harness.issue_token()
    with pytest.raises(Unauthenticated):
        for _ in range(100):
            token_id = exchange(harness, token_id)
    assert len(token_id) < 3000


def test_members_can_validate_and_revoke_only_their_own_tokens(harness: IdentityHarness) -> None:
    admin_token, demo_token = harness.issue_token("admin"), harness.issue_token()
    with harness.transaction(harness.caller(demo_token)) as ctx:
        harness.identity.tokens.get_subject_token(ctx, demo_token)
        with pytest.raises(Forbidden):
            harness.identity.tokens.get_subject_token(ctx, admin_token)
        with pytest.raises(Forbidden):
            harness.identity.tokens.revoke(ctx, admin_token)


def test_tokens_of_a_disabled_user_stay_invalid_after_it_is_enabled(harness: IdentityHarness) -> None:
    token_id = harness.issue_token()
    harness.validate(token_id)
    for enabled in (False, True):
        with harness.transaction() as ctx:
            harness.identity.users.update(ctx, harness.user("demo").id, {"enabled": enabled}, {})
        with pytest.raises(Unauthenticated):
            harness.validate(token_id)
    assert harness.issue_token()


@pytest.mark.parametrize("change", ["disable project", "disable domain", "delete project", "revoke role"])
def test_a_change_of_the_scope_invalidates_tokens(harness: IdentityHarness, change: str) -> None:
    identity = harness.identity
    with harness.transaction() as ctx:
        domain = identity.domains.create(ctx, NewProject("d"))
        project = identity.projects.create(ctx, NewProject("p", domain_id=domain.id))
        grant = RoleAssignment(harness.role_id("reader"), "user", harness.user("demo").id, "project", project.id)
        identity.role_assignments.grant(ctx, grant)
    token_id = harness.issue_token("demo", scope=ScopeRequest("project", ResourceRef(id=project.id)))
    harness.validate(token_id)
    with harness.transaction() as ctx:
        match change:
            case "disable project":
                identity.projects.update(ctx, project.id, {"enabled": False}, {})
            case "disable domain":
                identity.domains.update(ctx, domain.id, {"enabled": False}, {})
            case "delete project":
                identity.projects.delete(ctx, project.id)
            case "revoke role":
                identity.role_assignments.revoke(ctx, grant)
    with pytest.raises(Unauthenticated):
        harness.validate(token_id)


@pytest.mark.parametrize("resource", ["project", "domain"])
def test_tokens_of_a_disabled_scope_stay_invalid_after_it_is_enabled(harness: IdentityHarness, resource: str) -> None:
    identity = harness.identity
    with harness.transaction() as ctx:
        domain = identity.domains.create(ctx, NewProject("d"))
        project = identity.projects.create(ctx, NewProject("p", domain_id=domain.id))
        grant = RoleAssignment(harness.role_id("reader"), "user", harness.user("demo").id, "project", project.id)
        identity.role_assignments.grant(ctx, grant)
    token_id = harness.issue_token("demo", scope=ScopeRequest("project", ResourceRef(id=project.id)))
    for enabled in (False, True):
        with harness.transaction() as ctx:
            if resource == "project":
                identity.projects.update(ctx, project.id, {"enabled": enabled}, {})
            else:
                identity.domains.update(ctx, domain.id, {"enabled": enabled}, {})
    with pytest.raises(Unauthenticated):
        harness.validate(token_id)


def test_tokens_stay_valid_when_keys_are_rotated(harness: IdentityHarness) -> None:
    token_id = harness.issue_token()
    harness.identity.tokens.keys.rotate()
    harness.validate(token_id)
    harness.validate(harness.issue_token())
