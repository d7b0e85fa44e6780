"""Issue of tokens by password and by token, and their scopes."""

from dataclasses import replace

import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Unauthenticated
from stratiform.services.identity.model import (
    AuthRequest,
    NewProject,
    PasswordAuth,
    ResourceRef,
    ScopeRequest,
    TokenAuth,
)
from stratiform.services.identity.service import password_hasher
from stratiform.services.identity.service.password_hasher import PasswordHasher
from support.identity import IdentityHarness, password_auth

DEMO_PROJECT = ScopeRequest("project", ResourceRef(name="demo", domain_name="Default"))


def test_the_scope_defaults_to_the_default_project(harness: IdentityHarness) -> None:
    token_id, token = harness.authenticate(AuthRequest((password_auth("demo"),)))
    assert token.project is not None
    assert token.project.name == "demo"
    assert [role.name for role in token.roles] == ["member", "reader"]
    assert token.claims.methods == ("password",)
    assert harness.validate(token_id) == token
    assert len(token_id) < 255


@pytest.mark.parametrize(
    ("name", "password"), [("demo", "wrong"), ("unknown", "demo-pass"), ("demo", "demo-pass\0"), ("demo", " ")]
)
def test_every_authentication_failure_has_the_same_message(harness: IdentityHarness, name: str, password: str) -> None:
    with pytest.raises(Unauthenticated, match=r"^The request you have made requires authentication\.$"):
        harness.issue_token(name, password)


def test_an_unknown_user_costs_as_much_as_a_wrong_password(
    harness: IdentityHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs: list[str] = []

    def record(_secret: str, secret_hash: str) -> bool:
        costs.append(secret_hash[:7])  # bcrypt's version and cost
        return False

    monkeypatch.setattr(password_hasher, "verify_password", record)
    for name in ("demo", "unknown"):
        with pytest.raises(Unauthenticated):
            harness.issue_token(name, "wrong")
    assert len(costs) == 2
    assert costs[0] == costs[1]


def test_a_user_name_is_resolved_in_its_domain(harness: IdentityHarness) -> None:
    with pytest.raises(Unauthenticated):
        harness.authenticate(AuthRequest((password_auth("demo", domain="Other"),)))


def test_a_domain_name_matches_in_any_case_but_an_exact_match_wins(harness: IdentityHarness) -> None:
    request = AuthRequest((password_auth("demo", domain="dEFAULT"),))
    assert harness.authenticate(request)[1].user.name == "demo"
    with harness.transaction() as ctx:
        harness.identity.domains.create(ctx, NewProject("dEFAULT"))
    with pytest.raises(Unauthenticated):
        harness.authenticate(request)


def test_system_scope_and_no_scope(harness: IdentityHarness) -> None:
    system = harness.authenticate(AuthRequest((password_auth("admin"),), ScopeRequest("system")))[1]
    assert system.caller.system
    assert system.caller.is_admin
    unscoped = harness.authenticate(AuthRequest((password_auth("admin"),), ScopeRequest("unscoped")))[1]
    assert unscoped.roles == ()
    assert unscoped.caller.project_id is None


@pytest.mark.parametrize(
    "scope",
    [
        ScopeRequest("system"),
        ScopeRequest("domain", ResourceRef(id="default")),
        ScopeRequest("project", ResourceRef(name="admin", domain_id="default")),
        ScopeRequest("project", ResourceRef(id="missing")),
    ],
)
def test_a_scope_without_a_role_is_refused(harness: IdentityHarness, scope: ScopeRequest) -> None:
    with pytest.raises(Unauthenticated):
        harness.authenticate(AuthRequest((password_auth("demo"),), scope))


def test_a_rescoped_token_keeps_expiry_and_audit_chain(harness: IdentityHarness) -> None:
    parent_id, parent = harness.authenticate(AuthRequest((password_auth("demo"),), ScopeRequest("unscoped")))
    harness.clock.advance(10 * SECOND_US)
    token = harness.authenticate(AuthRequest((TokenAuth(parent_id),), DEMO_PROJECT))[1]
    assert token.claims.expires_at == parent.claims.expires_at
    assert token.claims.methods == ("token", "password")
    assert token.claims.audit_ids[1] == parent.claims.audit_ids[0]
    assert token.claims.audit_ids[0] != parent.claims.audit_ids[0]


def test_two_methods_must_refer_to_the_same_user(harness: IdentityHarness) -> None:
    token_id = harness.issue_token()
    token = harness.authenticate(AuthRequest((password_auth("demo"), TokenAuth(token_id))))[1]
    assert token.claims.methods == ("password", "token")
    with pytest.raises(Unauthenticated):
        harness.authenticate(AuthRequest((password_auth("admin"), TokenAuth(token_id))))


def test_a_request_without_methods_is_refused(harness: IdentityHarness) -> None:
    with pytest.raises(Unauthenticated):
        harness.authenticate(AuthRequest(()))


def test_a_new_password_invalidates_tokens(harness: IdentityHarness) -> None:
    token_id, user, changes = harness.issue_token(), harness.user("demo"), harness.identity.password_changes
    changes.change(harness.database, harness.clock, user.id, original="demo-pass", new="new")
    with pytest.raises(Unauthenticated):
        harness.validate(token_id)
    with pytest.raises(Unauthenticated):
        harness.issue_token()
    assert harness.issue_token("demo", "new")


def test_a_password_changed_since_its_verification_is_not_changed(harness: IdentityHarness) -> None:
    user, users = harness.user("demo"), harness.identity.users

    class RacingHasher(PasswordHasher):
        def hash(self, secret: str) -> str:
            with harness.transaction() as ctx:
                users.update(ctx, user.id, {"password": users.hash_password("by the operator")}, {})
            return super().hash(secret)

    changes = replace(harness.identity.password_changes, passwords=RacingHasher(4))
    with pytest.raises(Unauthenticated):
        changes.change(harness.database, harness.clock, user.id, original="demo-pass", new="new")
    assert harness.issue_token("demo", "by the operator")


def test_secrets_are_not_in_representations(harness: IdentityHarness) -> None:
    text = repr((PasswordAuth(ResourceRef(), "hidden"), TokenAuth("hidden"), harness.user("demo")))
    assert "hidden" not in text
    assert "$2b$" not in text
    assert "$2b$" not in repr(harness.validate(harness.issue_token()))
