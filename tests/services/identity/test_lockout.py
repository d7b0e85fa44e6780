"""Lock-out after failed sign-ins, which are counted in the database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Fault
from stratiform.services.identity import tables
from stratiform.services.identity.errors import AuthenticationFailed
from stratiform.services.identity.model import AuthRequest, PasswordAuth, ResourceRef
from support.identity import IdentityHarness, open_harness, second_process

LIMIT = 3
DURATION = 60


@pytest.fixture
def locking(database_url: str, tmp_path: Path) -> Iterator[IdentityHarness]:
    with open_harness(database_url, tmp_path, lockout_failure_attempts=LIMIT, lockout_duration=DURATION) as harness:
        yield harness


def fail(harness: IdentityHarness, times: int = LIMIT, name: str = "demo") -> None:
    for _ in range(times):
        with pytest.raises(AuthenticationFailed):
            harness.issue_token(name, "wrong")


def test_the_right_password_is_refused_until_the_lock_ends(locking: IdentityHarness) -> None:
    fail(locking, LIMIT - 1)
    locking.issue_token()  # resets the count
    fail(locking)
    with pytest.raises(AuthenticationFailed):
        locking.issue_token()
    locking.clock.advance((DURATION - 1) * SECOND_US)
    fail(locking)  # does not extend the lock
    locking.clock.advance(SECOND_US)
    locking.issue_token()


def test_failures_before_a_lock_do_not_count_after_it(locking: IdentityHarness) -> None:
    fail(locking)
    locking.clock.advance(DURATION * SECOND_US)
    fail(locking, LIMIT - 1)
    locking.issue_token()


def test_processes_share_the_count(locking: IdentityHarness) -> None:
    other = second_process(locking, lockout_failure_attempts=LIMIT, lockout_duration=DURATION)
    fail(locking, LIMIT - 1)
    fail(other, 1)
    with pytest.raises(AuthenticationFailed):
        locking.issue_token()


def test_concurrent_failures_are_all_counted(locking: IdentityHarness) -> None:
    """A guess that was resolved before the lock, but verified after it, is refused."""
    authentication = locking.identity.authentication
    request = AuthRequest((PasswordAuth(ResourceRef(name="demo", domain_name="Default"), "demo-pass"),))
    with locking.database.read_transaction() as db:
        resolved = authentication.resolve_methods(db, request, locking.clock.now())
    with ThreadPoolExecutor(8) as threads:
        for attempt in [threads.submit(fail, locking, 1) for _ in range(LIMIT)]:
            attempt.result()
    authentication.verify_secrets(resolved)
    with locking.database.read_transaction() as db:
        with pytest.raises(AuthenticationFailed):
            authentication.issue_token(db, request, resolved, locking.clock.now())
        c = tables.failed_sign_ins.c
        assert list(db.execute(select(c.failures))) == [(LIMIT,)]


def test_unknown_users_are_counted_in_the_same_way_and_rows_expire(locking: IdentityHarness) -> None:
    for name in ("nobody", "demo"):
        fail(locking, 1, name)
    with locking.database.read_transaction() as db:
        assert db.execute(select(func.count()).select_from(tables.failed_sign_ins)).scalar_one() == 2
    locking.clock.advance(3 * DURATION * SECOND_US)
    fail(locking, 1, "another")
    with locking.database.read_transaction() as db:
        assert db.execute(select(func.count()).select_from(tables.failed_sign_ins)).scalar_one() == 1


def test_a_change_of_the_own_password_counts_and_is_locked(locking: IdentityHarness) -> None:
    user = locking.user("demo")

    def change(original: str) -> None:
        changes = locking.identity.password_changes
        changes.change(locking.database, locking.clock, user.id, original=original, new="another")

    for _ in range(LIMIT):
        with pytest.raises(AuthenticationFailed):
            change("wrong")
    with pytest.raises(AuthenticationFailed):
        change("demo-pass")
    with pytest.raises(AuthenticationFailed):
        locking.issue_token()


def test_a_new_password_by_the_operator_ends_the_lock(locking: IdentityHarness) -> None:
    fail(locking)
    users = locking.identity.users
    with locking.transaction() as ctx:
        users.update(ctx, locking.user("demo").id, {"password": users.hash_password("new")}, {})
    locking.issue_token("demo", "new")


def test_users_can_be_exempt(locking: IdentityHarness) -> None:
    options: dict[str, Any] = {"options": {"ignore_lockout_failure_attempts": True}}
    with locking.transaction() as ctx:
        locking.identity.users.update(ctx, locking.user("demo").id, options, {})
    fail(locking, LIMIT + 1)
    locking.issue_token()


def test_tokens_of_a_locked_user_stay_valid(locking: IdentityHarness) -> None:
    token = locking.issue_token()
    fail(locking)
    try:
        locking.validate(token)
    except Fault as error:  # pragma: no cover - the failure
        pytest.fail(str(error))
