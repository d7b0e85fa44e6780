"""Tokens: how they are got, what they say, and when they stop being true."""

import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Forbidden, NotFound, Unauthenticated
from stratiform.services.identity.model import (
    ApplicationCredential,
    Assignment,
    ByApplicationCredential,
    ByPassword,
    ByToken,
    Named,
    NewProject,
    ScopeAsked,
    SignIn,
)
from support.identity import Desk, by_password, query

HOUR_US = 3600 * SECOND_US
DEMO = ScopeAsked("project", Named(name="demo", domain_name="Default"))


def test_the_default_project_is_taken(desk: Desk) -> None:
    text, token = desk.sign_in(SignIn((by_password("demo"),)))
    assert token.project is not None
    assert token.project.name == "demo"
    assert [role.name for role in token.roles] == ["member", "reader"]
    assert token.claims.methods == ("password",)
    assert desk.valid(text) == token
    assert len(text) < 255


def test_a_caller_has_the_facts_of_the_token(desk: Desk) -> None:
    caller = desk.caller(desk.token("admin"))
    assert caller.roles == {"admin", "manager", "member", "reader"}
    assert (caller.user_name, caller.project_name) == ("admin", "admin")
    assert (caller.user_domain_id, caller.project_domain_id) == ("default", "default")


@pytest.mark.parametrize(
    ("name", "password"), [("demo", "wrong"), ("nobody", "demo-pass"), ("demo", "demo-pass\0"), ("demo", " ")]
)
def test_wrong_secrets_are_all_told_alike(desk: Desk, name: str, password: str) -> None:
    with pytest.raises(Unauthenticated, match=r"^The request you have made requires authentication\.$"):
        desk.token(name, password)


def test_the_domain_of_the_name_counts(desk: Desk) -> None:
    with pytest.raises(Unauthenticated):
        desk.sign_in(SignIn((by_password("demo", domain="Elsewhere"),)))


def test_a_domain_is_found_by_its_name_whatever_the_case_but_its_own_name_comes_first(desk: Desk) -> None:
    asked = SignIn((by_password("demo", domain="dEFAULT"),))
    assert desk.sign_in(asked)[1].user.name == "demo"
    with desk.writing() as ctx:
        desk.identity.domains.create(ctx, NewProject("dEFAULT"))
    with pytest.raises(Unauthenticated):
        desk.sign_in(asked)


def test_scopes(desk: Desk) -> None:
    everywhere = desk.sign_in(SignIn((by_password("admin"),), ScopeAsked("system")))[1]
    assert everywhere.caller.system
    assert everywhere.caller.is_admin
    nowhere = desk.sign_in(SignIn((by_password("admin"),), ScopeAsked("unscoped")))[1]
    assert nowhere.roles == ()
    assert nowhere.caller.project_id is None
    with pytest.raises(Unauthenticated):
        desk.sign_in(SignIn((by_password("demo"),), ScopeAsked("system")))
    with pytest.raises(Unauthenticated):
        desk.sign_in(SignIn((by_password("demo"),), ScopeAsked("domain", Named(id="default"))))
    with pytest.raises(Unauthenticated):
        desk.sign_in(SignIn((by_password("demo"),), ScopeAsked("project", Named(name="admin", domain_id="default"))))
    with pytest.raises(Unauthenticated):
        desk.sign_in(SignIn((by_password("demo"),), ScopeAsked("project", Named(id="nope"))))


def test_a_token_ends(desk: Desk) -> None:
    text = desk.token()
    desk.clock.advance(HOUR_US - 1)
    desk.valid(text)
    desk.clock.advance(1)
    with pytest.raises(Unauthenticated):
        desk.valid(text)


def test_a_service_may_look_at_a_token_that_has_ended(desk: Desk) -> None:
    text = desk.token()
    desk.clock.advance(2 * HOUR_US)
    with desk.reading() as ctx:
        assert desk.identity.tokens.subject(ctx, text, allow_expired=True).user.name == "demo"
        with pytest.raises(NotFound):
            desk.identity.tokens.subject(ctx, text)


def test_rescoping_keeps_the_end_and_the_chain(desk: Desk) -> None:
    first, before = desk.sign_in(SignIn((by_password("demo"),), ScopeAsked("unscoped")))
    desk.clock.advance(10 * SECOND_US)
    after = desk.sign_in(SignIn((ByToken(first),), DEMO))[1]
    assert after.claims.expires_at == before.claims.expires_at
    assert after.claims.methods == ("token", "password")
    assert after.claims.audit_ids[1] == before.claims.audit_ids[0]
    assert after.claims.audit_ids[0] != before.claims.audit_ids[0]


def test_two_proofs_must_be_of_one_user(desk: Desk) -> None:
    text = desk.token()
    both = desk.sign_in(SignIn((by_password("demo"), ByToken(text))))[1]
    assert both.claims.methods == ("password", "token")
    with pytest.raises(Unauthenticated):
        desk.sign_in(SignIn((by_password("admin"), ByToken(text))))


@pytest.mark.parametrize("text", ["", "gAAAAA", "x" * 300, "ünïcode", "a.b", "=" * 8])
def test_what_is_no_token(desk: Desk, text: str) -> None:
    with pytest.raises(Unauthenticated):
        desk.valid(text)


def test_a_changed_token_is_refused(desk: Desk) -> None:
    text = desk.token()
    for place in (10, 60, len(text) - 5):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(Unauthenticated):
            desk.valid(changed)


def test_revoked(desk: Desk) -> None:
    text, other = desk.token(), desk.token()
    desk.valid(text)
    with desk.writing(desk.caller(text)) as ctx:
        desk.identity.tokens.revoke(ctx, text)
    with pytest.raises(Unauthenticated):
        desk.valid(text)
    desk.valid(other)


def test_only_the_owner_and_the_operator_see_a_token(desk: Desk) -> None:
    admins, demos = desk.token("admin"), desk.token()
    with desk.writing(desk.caller(demos)) as ctx:
        desk.identity.tokens.subject(ctx, demos)
        with pytest.raises(Forbidden):
            desk.identity.tokens.subject(ctx, admins)
        with pytest.raises(Forbidden):
            desk.identity.tokens.revoke(ctx, admins)


def test_a_disabled_user_is_out_and_old_tokens_stay_dead(desk: Desk) -> None:
    text = desk.token()
    desk.valid(text)
    for enabled in (False, True):
        with desk.writing() as ctx:
            desk.identity.users.update(ctx, desk.user("demo").id, {"enabled": enabled}, {})
        with pytest.raises(Unauthenticated):
            desk.valid(text)
    assert desk.token()


def test_a_new_password_ends_tokens(desk: Desk) -> None:
    text, user = desk.token(), desk.user("demo")
    users = desk.identity.users
    with desk.database.transaction() as db:
        old = users.sealed_password(db, user.id)
        users.proved("demo-pass", old)
        users.change_password(db, user.id, desk.clock.now(), old=old, new=users.seal("another"))
    with pytest.raises(Unauthenticated):
        desk.valid(text)
    with pytest.raises(Unauthenticated):
        desk.token()
    assert desk.token("demo", "another")


def test_a_password_that_was_changed_meanwhile_is_not_changed_again(desk: Desk) -> None:
    user, users = desk.user("demo"), desk.identity.users
    with desk.database.transaction() as db, pytest.raises(Unauthenticated):
        users.change_password(db, user.id, desk.clock.now(), old="other", new="new")


@pytest.mark.parametrize("what", ["project", "domain", "delete", "roles"])
def test_tokens_end_with_what_they_are_for(desk: Desk, what: str) -> None:
    with desk.writing() as ctx:
        domain = desk.identity.domains.create(ctx, NewProject("d"))
        project = desk.identity.projects.create(ctx, NewProject("p", domain_id=domain.id))
        role = desk.identity.roles.all(ctx, query(name="reader")).items[0]
        granted = _grant(desk, role.id, project.id)
        desk.identity.assignments.grant(ctx, granted)
    text = desk.token("demo", scope=ScopeAsked("project", Named(id=project.id)))
    desk.valid(text)
    with desk.writing() as ctx:
        if what == "project":
            desk.identity.projects.update(ctx, project.id, {"enabled": False}, {})
        elif what == "domain":
            desk.identity.domains.update(ctx, domain.id, {"enabled": False}, {})
        elif what == "delete":
            desk.identity.projects.delete(ctx, project.id)
        else:
            desk.identity.assignments.revoke(ctx, granted)
    with pytest.raises(Unauthenticated):
        desk.valid(text)
    if what in ("project", "domain"):
        with desk.writing() as ctx:
            if what == "project":
                desk.identity.projects.update(ctx, project.id, {"enabled": True}, {})
            desk.identity.domains.update(ctx, domain.id, {"enabled": True}, {})
        with pytest.raises(Unauthenticated):
            desk.valid(text)


def _grant(desk: Desk, role_id: str, project_id: str) -> Assignment:
    return Assignment(role_id, "user", desk.user("demo").id, "project", project_id)


def _credential(desk: Desk, *, unrestricted: bool = False, ends: int | None = None, roles: str = "") -> str:
    text = desk.token()
    token = desk.valid(text)
    new = ApplicationCredential(
        "", "ac", token.user.id, "", desk.identity.passwords.seal("s3cret"), expires_at=ends, unrestricted=unrestricted
    )
    with desk.writing(token.caller) as ctx:
        wishes = [Named(name=roles)] if roles else []
        return desk.identity.credentials.create(ctx, token, new, wishes).id


def _by_credential(key: str, secret: str = "s3cret", scope: ScopeAsked | None = None) -> SignIn:
    return SignIn((ByApplicationCredential(Named(id=key), Named(), secret),), scope)


def test_an_application_credential_acts_in_its_project(desk: Desk) -> None:
    key = _credential(desk)
    token = desk.sign_in(_by_credential(key))[1]
    assert token.caller.project_name == "demo"
    assert token.credential is not None
    assert token.credential.secret == ""
    named = ByApplicationCredential(Named(name="ac"), Named(name="demo", domain_id="default"), "s3cret")
    assert desk.sign_in(SignIn((named,)))[1].credential == token.credential
    with pytest.raises(Unauthenticated):
        desk.sign_in(_by_credential(key, "wrong"))
    with pytest.raises(Unauthenticated):
        desk.sign_in(_by_credential("nope"))
    with pytest.raises(Unauthenticated):
        desk.sign_in(_by_credential(key, scope=ScopeAsked("unscoped")))


def test_an_application_credential_has_the_roles_it_was_given(desk: Desk) -> None:
    token = desk.sign_in(_by_credential(_credential(desk, roles="reader")))[1]
    assert token.caller.roles == {"reader"}


def test_a_token_of_a_credential_goes_nowhere_else(desk: Desk) -> None:
    text = desk.sign_in(_by_credential(_credential(desk)))[0]
    for scope in (ScopeAsked("unscoped"), ScopeAsked("system")):
        with pytest.raises((Forbidden, Unauthenticated)):
            desk.sign_in(SignIn((ByToken(text),), scope))
    again = desk.sign_in(SignIn((ByToken(text),)))[1]
    assert again.credential is not None


def test_a_restricted_credential_makes_no_others(desk: Desk) -> None:
    key = _credential(desk)
    token = desk.sign_in(_by_credential(key))[1]
    new = ApplicationCredential("", "two", token.user.id, "", "x")
    with desk.writing(token.caller) as ctx:
        with pytest.raises(Forbidden):
            desk.identity.credentials.create(ctx, token, new, [])
        with pytest.raises(Forbidden):
            desk.identity.credentials.delete(ctx, token, token.user.id, key)


def test_a_credential_ends(desk: Desk) -> None:
    ends = desk.clock.now() + 5 * SECOND_US
    text, token = desk.sign_in(_by_credential(_credential(desk, ends=ends)))
    assert token.claims.expires_at == ends
    desk.clock.advance(5 * SECOND_US)
    with pytest.raises(Unauthenticated):
        desk.valid(text)


def test_a_deleted_credential_ends_its_tokens(desk: Desk) -> None:
    key = _credential(desk)
    text = desk.sign_in(_by_credential(key))[0]
    desk.valid(text)
    with desk.writing() as ctx:
        desk.identity.credentials.delete(ctx, desk.valid(desk.token("admin")), desk.user("demo").id, key)
    with pytest.raises(Unauthenticated):
        desk.valid(text)


def test_keys_rotate_and_old_tokens_stay_good(desk: Desk) -> None:
    text = desk.token()
    desk.identity.tokens.keys.rotate()
    desk.valid(text)
    desk.valid(desk.token())


def test_secrets_are_not_shown(desk: Desk) -> None:
    shown = repr((ByPassword(Named(), "hidden"), ByToken("hidden"), desk.user("demo")))
    assert "hidden" not in shown
    assert "$2b$" not in shown
    assert "$2b$" not in repr(desk.valid(desk.token()))
