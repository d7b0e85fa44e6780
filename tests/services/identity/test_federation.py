"""Sign-in of users of identity providers: verification of tokens, users, groups and their end."""

import base64
import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from stratiform.kit.clock import MINUTE_US, SECOND_US, ManualClock
from stratiform.kit.errors import Forbidden, NotFound, Unauthenticated, Unavailable
from stratiform.services.identity.model import (
    AuthRequest,
    Group,
    NewUser,
    ResourceRef,
    RoleAssignment,
    ScopeRequest,
    Token,
    TokenAuth,
)
from stratiform.services.identity.model import simple_resources as kinds
from stratiform.services.identity.model.backends import IdentityBackends
from stratiform.services.identity.model.oidc import OidcSettings
from support.identity import IdentityHarness, list_query, open_harness
from support.oidc import CLIENT_ID, CLIENT_SECRET, TokenProvider, token_provider

RULES: list[dict[str, Any]] = [
    {
        "local": [{"user": {"name": "{0}", "id": "{0}"}}, {"groups": "{1}", "domain": {"id": "default"}}],
        "remote": [{"type": "OIDC-sub"}, {"type": "OIDC-groups"}],
    }
]


@pytest.fixture
def provider() -> Iterator[TokenProvider]:
    with token_provider(ManualClock().now() // SECOND_US, groups=["staff"]) as running:
        yield running


def open_federation(path: Path, issuer: str, **options: Any) -> Any:
    settings = OidcSettings("corp", issuer, CLIENT_ID, CLIENT_SECRET, **options)
    return open_harness(f"sqlite:///{path / 'identity.db'}", path, backends=IdentityBackends((settings,)))


@pytest.fixture
def federation(tmp_path: Path, provider: TokenProvider) -> Iterator[IdentityHarness]:
    with open_federation(tmp_path, provider.issuer) as harness:
        register(harness, provider)
        yield harness


def register(harness: IdentityHarness, provider: TokenProvider, **attributes: Any) -> str:
    """Create the identity provider, and the group `staff`, a member of the project demo. Return the group's id."""
    resources = harness.identity.simple_resources
    with harness.transaction() as ctx:
        resources.create(ctx, kinds.MAPPING, {"rules": RULES}, resource_id="m")
        idp = {"enabled": True, "remote_ids": [provider.issuer], **attributes}
        resources.create(ctx, kinds.IDENTITY_PROVIDER, idp, resource_id="corp")
        resources.create(ctx, kinds.PROTOCOL, {"mapping_id": "m"}, resource_id="openid", parent="corp")
        group = harness.identity.groups.create(ctx, Group("", "staff", "default"))
    member, demo = harness.role_id("member"), harness.project("demo").id
    with harness.transaction() as ctx:
        harness.identity.role_assignments.grant(ctx, RoleAssignment(member, "group", group.id, "project", demo))
    return group.id


def sign_in(harness: IdentityHarness, access_token: str) -> tuple[str, Token]:
    return harness.identity.federation.sign_in_with_access_token(
        harness.database, harness.clock, "corp", "openid", access_token
    )


def rescope(harness: IdentityHarness, token_id: str) -> tuple[str, Token]:
    scope = ScopeRequest("project", ResourceRef(id=harness.project("demo").id))
    return harness.authenticate(AuthRequest((TokenAuth(token_id),), scope))


def test_a_user_gets_the_roles_of_the_groups(federation: IdentityHarness, provider: TokenProvider) -> None:
    token_id, token = sign_in(federation, provider.create_token())
    assert (token.user.name, token.claims.methods, token.federation) == ("ann", ("mapped",), ("corp", "openid"))
    scoped = rescope(federation, token_id)[1]
    assert {role.name for role in scoped.roles} == {"member", "reader"}
    assert scoped.claims.expires_at == token.claims.expires_at
    assert sign_in(federation, provider.create_token())[1].user == token.user
    assert sign_in(federation, provider.create_token(sub="ben"))[1].user != token.user


def test_groups_are_those_of_the_last_sign_in(federation: IdentityHarness, provider: TokenProvider) -> None:
    scoped_id = rescope(federation, sign_in(federation, provider.create_token())[0])[0]
    sign_in(federation, provider.create_token(groups=["no such group"]))
    with pytest.raises(Unauthenticated):
        federation.validate(scoped_id)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": None},
        {"nbf": 4102444800},
        {"iss": "http://evil.example"},
        {"aud": "another-client"},
        {"aud": None},
        {"sub": None},
        {"groups": None},
    ],
)
def test_invalid_claims(federation: IdentityHarness, provider: TokenProvider, claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        sign_in(federation, provider.create_token(**claims))


def encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_invalid_signatures(federation: IdentityHarness, provider: TokenProvider) -> None:
    """Of another key, none at all, and a symmetric one with the public key."""
    other = RSAKey.generate_key(2048, {"kid": "1"})
    head, payload, _ = provider.create_token().split(".")
    unsigned_head = encode(b'{"alg":"none"}')
    symmetric_head = encode(b'{"alg":"HS256","kid":"1"}')
    digest = hmac.new(provider.key.as_pem(private=False), f"{symmetric_head}.{payload}".encode(), "sha256").digest()
    for token in (
        provider.create_token(key=other),
        f"{symmetric_head}.{payload}.{encode(digest)}",
        f"{unsigned_head}.{payload}.",
        f"{head}.{payload}.",
        "garbage",
        "",
    ):
        with pytest.raises(Unauthenticated):
            sign_in(federation, token)


def test_a_new_key_is_read_once_in_a_while(federation: IdentityHarness, provider: TokenProvider) -> None:
    sign_in(federation, provider.create_token())
    provider.key = RSAKey.generate_key(2048, {"kid": "2"})
    federation.clock.advance(MINUTE_US)
    sign_in(federation, provider.create_token())
    before = provider.requests.count("/jwks")
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            sign_in(federation, provider.create_token(key=RSAKey.generate_key(2048, {"kid": "3"})))
    assert provider.requests.count("/jwks") <= before + 1


def test_redirects_of_a_provider_are_not_followed(federation: IdentityHarness, provider: TokenProvider) -> None:
    token = provider.create_token()
    provider.redirect = provider.issuer + "/elsewhere"
    with pytest.raises(Unavailable):
        sign_in(federation, token)
    assert "/elsewhere" not in provider.requests


def test_a_provider_that_cannot_be_reached(tmp_path: Path) -> None:
    with open_federation(tmp_path, "http://127.0.0.1:9") as harness:
        with pytest.raises(Unavailable, match="identity provider is unavailable"):
            sign_in(harness, "token")
        with pytest.raises(NotFound):
            harness.identity.federation.get_client("corp", "saml2")


def test_introspection_and_userinfo(tmp_path: Path, provider: TokenProvider) -> None:
    with open_federation(tmp_path, provider.issuer, introspection=True, userinfo=True) as harness:
        register(harness, provider)
        assert sign_in(harness, "opaque")[1].user.name == "ann"
        with pytest.raises(Unauthenticated):
            sign_in(harness, "revoked")
        provider.claims["client_id"] = "another-client"
        with pytest.raises(Unauthenticated):
            sign_in(harness, "opaque")


def test_a_disabled_provider_ends_the_tokens_of_its_users(federation: IdentityHarness, provider: TokenProvider) -> None:
    token_id = sign_in(federation, provider.create_token())[0]
    demo_id = federation.issue_token()
    with federation.transaction() as ctx:
        federation.identity.simple_resources.update(ctx, kinds.IDENTITY_PROVIDER, "corp", {"enabled": False})
    with pytest.raises(Unauthenticated):
        federation.validate(token_id)
    federation.validate(demo_id)
    with pytest.raises(Unauthenticated):
        sign_in(federation, provider.create_token())


def test_memberships_expire(federation: IdentityHarness, provider: TokenProvider) -> None:
    user = sign_in(federation, provider.create_token())[1].user
    federation.clock.advance(61 * MINUTE_US)
    federation.issue_token()
    with federation.snapshot() as ctx:
        assert federation.identity.users.list_groups(ctx, user.id, list_query()).items == []


def test_a_user_of_a_provider_gets_no_password(federation: IdentityHarness, provider: TokenProvider) -> None:
    """Otherwise, the manager of the domain could use the groups of the next sign-in."""
    user = sign_in(federation, provider.create_token())[1].user
    password = federation.identity.passwords.hash("secret")
    with pytest.raises(Forbidden), federation.transaction() as ctx:
        federation.identity.users.update(ctx, user.id, {"password": password}, {})


def test_a_user_of_the_same_name_is_another_one(federation: IdentityHarness, provider: TokenProvider) -> None:
    with federation.snapshot() as ctx:
        idp = federation.identity.simple_resources.get(ctx, kinds.IDENTITY_PROVIDER, "corp")
    with federation.transaction() as ctx:
        local = federation.identity.users.create(ctx, NewUser("ann", idp.attributes["domain_id"]))
    with pytest.raises(Unauthenticated):
        sign_in(federation, provider.create_token())
    with federation.transaction() as ctx:
        federation.identity.users.delete(ctx, local.id)
    assert sign_in(federation, provider.create_token())[1].user.id != local.id
