"""History, age and expiry of passwords, and multi-factor rules, with Keystone's settings and texts."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Forbidden
from stratiform.services.identity.errors import (
    AuthenticationFailed,
    PasswordExpired,
    PasswordReused,
    PasswordTooNew,
)
from stratiform.services.identity.model import NewUser
from support.identity import IdentityHarness, open_harness

DAY_US = 24 * 3600 * SECOND_US

Open = Callable[..., IdentityHarness]


@pytest.fixture
def open_with(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_one(**compliance: Any) -> IdentityHarness:
            context: AbstractContextManager[IdentityHarness] = open_harness(
                f"sqlite:///{tmp_path / 'identity.db'}", tmp_path, **compliance
            )
            return stack.enter_context(context)

        yield open_one


def change(harness: IdentityHarness, original: str, new: str) -> None:
    changes, user = harness.identity.password_changes, harness.user("demo")
    changes.change(harness.database, harness.clock, user.id, original=original, new=new)
    harness.clock.advance(SECOND_US)


def set_options(harness: IdentityHarness, **options: Any) -> None:
    with harness.transaction() as ctx:
        harness.identity.users.update(ctx, harness.user("demo").id, {"options": options}, {})


def test_the_last_passwords_cannot_be_chosen_again(open_with: Open) -> None:
    harness = open_with(unique_last_password_count=2)
    change(harness, "demo-pass", "second")
    for password in ("second", "demo-pass"):
        with pytest.raises(PasswordReused, match=r"must be unique is 2\.$"):
            change(harness, "second", password)
    change(harness, "second", "third")
    change(harness, "third", "demo-pass")


def test_passwords_that_an_operator_sets_are_remembered_but_not_checked(open_with: Open) -> None:
    harness = open_with(unique_last_password_count=3)
    users = harness.identity.users
    for password in ("reset", "reset"):
        with harness.transaction() as ctx:
            users.update(ctx, harness.user("demo").id, {"password": users.hash_password(password)}, {})
        harness.clock.advance(SECOND_US)
    with pytest.raises(PasswordReused):
        change(harness, "reset", "demo-pass")


def test_every_password_is_accepted_by_default(open_with: Open) -> None:
    harness = open_with()
    change(harness, "demo-pass", "demo-pass")
    assert harness.user("demo").password_expires_at is None


def test_a_password_is_used_for_a_minimum_time(open_with: Open) -> None:
    harness = open_with(minimum_password_age=2)
    with pytest.raises(PasswordTooNew, match=r"used for 2 day\(s\).*again in 2 day\(s\)"):
        change(harness, "demo-pass", "another")
    harness.clock.advance(2 * DAY_US)
    change(harness, "demo-pass", "another")


def test_a_password_expires(open_with: Open) -> None:
    harness = open_with(password_expires_days=30, minimum_password_age=31)
    with harness.transaction() as ctx:
        users = harness.identity.users
        users.update(ctx, harness.user("demo").id, {"password": users.hash_password("reset")}, {})
    harness.issue_token("demo", "reset")
    harness.clock.advance(30 * DAY_US)
    with pytest.raises(PasswordExpired, match="is expired and needs to be changed for user"):
        harness.issue_token("demo", "reset")
    with pytest.raises(AuthenticationFailed):
        harness.issue_token("demo", "wrong")
    set_options(harness, ignore_password_expiry=True)
    harness.issue_token("demo", "reset")
    set_options(harness)
    change(harness, "reset", "another")
    harness.issue_token("demo", "another")


def test_a_password_of_the_operator_is_changed_upon_first_use(open_with: Open) -> None:
    harness = open_with(change_password_upon_first_use=True)
    users = harness.identity.users
    harness.issue_token("admin", "admin-pass")  # the first operator is exempt
    with harness.transaction() as ctx:
        hashed = users.hash_password("first")
        users.create(ctx, NewUser("new", password=hashed))
        exempt = {"ignore_change_password_upon_first_use": True}
        users.create(ctx, NewUser("exempt", password=hashed, options=exempt))
    with pytest.raises(PasswordExpired):
        harness.issue_token("new", "first")
    harness.issue_token("exempt", "first")
    user_id, changes = harness.user("new").id, harness.identity.password_changes
    changes.change(harness.database, harness.clock, user_id, original="first", new="second")
    harness.issue_token("new", "second")


def test_a_locked_password_cannot_be_changed(open_with: Open) -> None:
    harness = open_with()
    set_options(harness, lock_password=True)
    with pytest.raises(Forbidden):
        change(harness, "demo-pass", "another")


@pytest.mark.parametrize(
    ("options", "accepted"),
    [
        ({"multi_factor_auth_rules": [["password"]]}, True),
        ({"multi_factor_auth_rules": [["password", "token"]]}, False),
        ({"multi_factor_auth_rules": [["password", "token"]], "multi_factor_auth_enabled": False}, True),
        ({"multi_factor_auth_rules": [["password", "unknown"]]}, True),
        ({"multi_factor_auth_rules": [[], "password", [1]]}, True),
    ],
)
def test_a_sign_in_meets_one_of_the_rules(open_with: Open, options: dict[str, Any], accepted: bool) -> None:
    harness = open_with()
    set_options(harness, **options)
    if accepted:
        harness.issue_token()
    else:
        with pytest.raises(AuthenticationFailed):
            harness.issue_token()
