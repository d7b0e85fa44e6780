"""Users and groups in an LDAP directory, with `slapd`."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.errors import Forbidden, Invalid, Unauthenticated, Unavailable
from stratiform.services.identity.model import (
    AuthRequest,
    Group,
    NewProject,
    NewUser,
    PasswordAuth,
    ResourceRef,
    RoleAssignment,
    ScopeRequest,
    Token,
)
from stratiform.services.identity.model.backends import IdentityBackends
from stratiform.services.identity.model.ldap import LdapSettings, LdapUser
from stratiform.services.identity.service.directories import build_directories
from stratiform.services.identity.service.ldap_client import LdapClient
from support.identity import IdentityHarness, list_query, open_harness
from support.ldap import MANAGER, MANAGER_PASSWORD, SLAPD, SUFFIX, Directory, open_directory

pytestmark = pytest.mark.skipif(not SLAPD, reason="slapd is not installed")

ANN, STAFF = f"cn=u1,ou=Users,{SUFFIX}", f"cn=g1,ou=UserGroups,{SUFFIX}"


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    with open_directory(tmp_path / "ldap") as running:
        yield running


def build_settings(directory: Directory, **options: Any) -> LdapSettings:
    defaults: dict[str, Any] = {"user": MANAGER, "password": MANAGER_PASSWORD, "suffix": SUFFIX}
    return LdapSettings("corp", directory.url, **(defaults | {"connection_timeout": 2, "page_size": 1} | options))


@pytest.fixture
def corp(tmp_path: Path, directory: Directory) -> Iterator[IdentityHarness]:
    """An installation with the domain `corp`, whose group `staff` is a member of the project demo."""
    backends = IdentityBackends(ldap=(build_settings(directory),))
    url = f"sqlite:///{tmp_path / 'identity.db'}"
    with open_harness(url, tmp_path, backends=backends, lockout_failure_attempts=3) as harness:
        with harness.transaction() as ctx:
            domain = harness.identity.domains.create(ctx, NewProject("corp"), domain_id="c" * 32)
        harness.identity.directories.synchronize(harness.database, domain.id, harness.clock.now())
        member, demo = harness.role_id("member"), harness.project("demo").id
        with harness.transaction() as ctx:
            group = harness.identity.groups.list(ctx, list_query(domain_id=domain.id)).items[0]
            harness.identity.role_assignments.grant(ctx, RoleAssignment(member, "group", group.id, "project", demo))
        yield harness
        harness.identity.directories.clients["corp"].close()


def sign_in(harness: IdentityHarness, password: str = "ann-secret", name: str = "ann") -> Token:
    user = ResourceRef(name=name, domain_name="corp")
    scope = ScopeRequest("project", ResourceRef(id=harness.project("demo").id))
    return harness.authenticate(AuthRequest((PasswordAuth(user, password),), scope))[1]


def test_a_user_signs_in_with_the_password_of_the_directory(corp: IdentityHarness) -> None:
    token = sign_in(corp)
    assert {role.name for role in token.roles} == {"member", "reader"}
    assert (token.user.name, token.user.extra) == ("ann", {"email": "ann@corp.example"})
    by_id = PasswordAuth(ResourceRef(id=token.user.id), "ann-secret")
    assert corp.authenticate(AuthRequest((by_id,)))[1].user == token.user
    for password in ("wrong", ""):
        with pytest.raises(Unauthenticated):
            sign_in(corp, password)


def test_ids_are_those_of_keystone_and_survive_renaming(corp: IdentityHarness, directory: Directory) -> None:
    user = sign_in(corp).user
    assert user.id == hashlib.sha256(("c" * 32 + "user" + "u1").encode()).hexdigest()
    directory.modify(ANN, sn="anna")
    assert sign_in(corp, name="anna").user.id == user.id


def test_users_and_groups_are_listed_and_read_only(corp: IdentityHarness) -> None:
    domain_id, identity = "c" * 32, corp.identity
    with corp.snapshot() as ctx:
        users = {user.name: user for user in identity.users.list(ctx, list_query(domain_id=domain_id)).items}
        group = identity.groups.list(ctx, list_query(domain_id=domain_id)).items[0]
        members = identity.groups.list_users(ctx, group.id, list_query()).items
    assert (set(users), group.name) == ({"ann", "ben (*)"}, "staff")
    assert [user.name for user in members] == ["ann"]
    changes: list[Any] = [
        lambda ctx: identity.users.create(ctx, NewUser("new", domain_id)),
        lambda ctx: identity.users.update(ctx, users["ann"].id, {"enabled": False}, {}),
        lambda ctx: identity.users.delete(ctx, users["ann"].id),
        lambda ctx: identity.groups.create(ctx, Group("", "new", domain_id)),
        lambda ctx: identity.groups.update(ctx, group.id, {"name": "x"}, {}),
        lambda ctx: identity.groups.delete(ctx, group.id),
        lambda ctx: identity.groups.add_user(ctx, group.id, users["ben (*)"].id),
        lambda ctx: identity.groups.remove_user(ctx, group.id, users["ann"].id),
    ]
    for change in changes:
        with pytest.raises(Forbidden, match="LDAP does not support write operations"), corp.transaction() as ctx:
            change(ctx)


def test_a_name_is_no_filter(corp: IdentityHarness) -> None:
    by_name = PasswordAuth(ResourceRef(name="ben (*)", domain_name="corp"), "ben-secret")
    assert corp.authenticate(AuthRequest((by_name,)))[1].user.name == "ben (*)"
    for name in ("*", "a*", "ann)(cn=*", "ann)(|(sn=*"):
        with pytest.raises(Unauthenticated):
            sign_in(corp, name=name)


def test_leaving_a_group_ends_its_roles(corp: IdentityHarness, directory: Directory) -> None:
    sign_in(corp)
    directory.modify(STAFF, member=f"cn=u2,ou=Users,{SUFFIX}")
    with pytest.raises(Unauthenticated):
        sign_in(corp)


def test_a_user_who_is_deleted_in_the_directory_is_disabled(corp: IdentityHarness, directory: Directory) -> None:
    scope = ScopeRequest("project", ResourceRef(id=corp.project("demo").id))
    by_name = PasswordAuth(ResourceRef(name="ann", domain_name="corp"), "ann-secret")
    token_id = corp.authenticate(AuthRequest((by_name,), scope))[0]
    directory.delete(ANN)
    corp.identity.directories.synchronize(corp.database, "c" * 32, corp.clock.now())
    with pytest.raises(Unauthenticated):
        corp.validate(token_id)
    with pytest.raises(Unauthenticated):
        sign_in(corp)


def test_an_unreachable_directory_is_a_fault_and_locks_no_user_out(corp: IdentityHarness, directory: Directory) -> None:
    directory.stop()
    for _ in range(4):
        with pytest.raises(Unavailable) as caught:
            sign_in(corp)
        assert "ann-secret" not in str(caught.value)
        assert MANAGER_PASSWORD not in str(caught.value)
        assert caught.value.message == "The directory of the domain is unavailable. Try again later."
    corp.issue_token()
    directory.start()
    assert sign_in(corp).user.name == "ann"


def test_wrong_passwords_lock_out(corp: IdentityHarness) -> None:
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            sign_in(corp, "wrong")
    with pytest.raises(Unauthenticated):
        sign_in(corp)


def test_a_wrong_password_for_searching_is_a_fault(directory: Directory) -> None:
    with closing(LdapClient(build_settings(directory, password="wrong"))) as client, pytest.raises(Unavailable):
        client.find_user("ann")


@pytest.fixture
def client(directory: Directory) -> Iterator[LdapClient]:
    settings = build_settings(directory, user_enabled_attribute="employeeType", user_enabled_mask=2)
    with closing(LdapClient(settings)) as opened:
        yield opened


@pytest.mark.parametrize(("value", "enabled"), [("514", False), ("512", True)])
def test_attributes_disable_users(directory: Directory, client: LdapClient, value: str, enabled: bool) -> None:
    directory.modify(ANN, employeeType=value)
    user = client.find_user("ann")
    assert user is not None
    assert user.enabled == enabled
    assert client.check_password(user, "ann-secret") == enabled
    assert not client.check_password(LdapUser("x", "", "x"), "anything")


def test_connections_are_reused(client: LdapClient) -> None:
    assert [client.find_user("ann"), client.find_user("nosuch")][1] is None
    assert client._idle.qsize() == 1


def test_a_domain_has_one_directory(corp: IdentityHarness, directory: Directory) -> None:
    settings = build_settings(directory)
    with pytest.raises(Invalid):
        build_directories([settings, settings], corp.identity.tokens.cache)
