"""Application credentials and their tokens."""

import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Forbidden, Unauthenticated
from stratiform.services.identity.model import (
    ApplicationCredential,
    ApplicationCredentialAuth,
    AuthRequest,
    ResourceRef,
    ScopeRequest,
    TokenAuth,
)
from support.identity import IdentityHarness


def create_credential(harness: IdentityHarness, *, expires_at: int | None = None, role: str = "") -> str:
    """Create a restricted credential of the user "demo" with the secret "s3cret", and return its id."""
    token = harness.validate(harness.issue_token())
    secret_hash = harness.identity.passwords.hash("s3cret")
    new = ApplicationCredential("", "ac", token.user.id, "", secret_hash, expires_at=expires_at)
    roles = [ResourceRef(name=role)] if role else []
    with harness.transaction(token.caller) as ctx:
        return harness.identity.application_credentials.create(ctx, token, new, roles).id


def auth_request(credential_id: str, secret: str = "s3cret", scope: ScopeRequest | None = None) -> AuthRequest:
    return AuthRequest((ApplicationCredentialAuth(ResourceRef(id=credential_id), ResourceRef(), secret),), scope)


def test_a_credential_authenticates_in_its_project(harness: IdentityHarness) -> None:
    credential_id = create_credential(harness)
    token = harness.authenticate(auth_request(credential_id))[1]
    assert token.caller.project_name == "demo"
    assert token.application_credential is not None
    assert token.application_credential.secret == ""
    user = ResourceRef(name="demo", domain_id="default")
    by_name = AuthRequest((ApplicationCredentialAuth(ResourceRef(name="ac"), user, "s3cret"),))
    assert harness.authenticate(by_name)[1].application_credential == token.application_credential
    with pytest.raises(Unauthenticated):
        harness.authenticate(auth_request(credential_id, "wrong"))
    with pytest.raises(Unauthenticated):
        harness.authenticate(auth_request("missing"))
    with pytest.raises(Unauthenticated):
        harness.authenticate(auth_request(credential_id, scope=ScopeRequest("unscoped")))


def test_a_credential_has_its_selected_roles(harness: IdentityHarness) -> None:
    token = harness.authenticate(auth_request(create_credential(harness, role="reader")))[1]
    assert token.caller.roles == {"reader"}


def test_a_token_of_a_credential_cannot_be_rescoped(harness: IdentityHarness) -> None:
    token_id = harness.authenticate(auth_request(create_credential(harness)))[0]
    for scope in (ScopeRequest("unscoped"), ScopeRequest("system")):
        with pytest.raises((Forbidden, Unauthenticated)):
            harness.authenticate(AuthRequest((TokenAuth(token_id),), scope))
    renewed = harness.authenticate(AuthRequest((TokenAuth(token_id),)))[1]
    assert renewed.application_credential is not None


def test_a_restricted_credential_cannot_manage_credentials(harness: IdentityHarness) -> None:
    credential_id, credentials = create_credential(harness), harness.identity.application_credentials
    token = harness.authenticate(auth_request(credential_id))[1]
    with harness.transaction(token.caller) as ctx:
        with pytest.raises(Forbidden):
            credentials.create(ctx, token, ApplicationCredential("", "two", token.user.id, "", "x"), [])
        with pytest.raises(Forbidden):
            credentials.delete(ctx, token, token.user.id, credential_id)


def test_a_credential_expires(harness: IdentityHarness) -> None:
    expires_at = harness.clock.now() + 5 * SECOND_US
    token_id, token = harness.authenticate(auth_request(create_credential(harness, expires_at=expires_at)))
    assert token.claims.expires_at == expires_at
    harness.clock.advance(5 * SECOND_US)
    with pytest.raises(Unauthenticated):
        harness.validate(token_id)


def test_deleting_a_credential_invalidates_its_tokens(harness: IdentityHarness) -> None:
    credential_id = create_credential(harness)
    token_id = harness.authenticate(auth_request(credential_id))[0]
    harness.validate(token_id)
    admin_token = harness.validate(harness.issue_token("admin"))
    with harness.transaction() as ctx:
        harness.identity.application_credentials.delete(ctx, admin_token, harness.user("demo").id, credential_id)
    with pytest.raises(Unauthenticated):
        harness.validate(token_id)
