"""The cache of the directory: invalidation across processes, and isolation between transactions."""

import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Unauthenticated
from support.identity import IdentityHarness, second_process


def test_another_process_refuses_a_revoked_token_within_a_second(harness: IdentityHarness) -> None:
    other = second_process(harness)
    token_id = harness.issue_token()
    other.validate(token_id)
    with harness.transaction() as ctx:
        harness.identity.tokens.revoke(ctx, token_id)
    with pytest.raises(Unauthenticated):
        harness.validate(token_id)
    harness.clock.advance(SECOND_US)
    with pytest.raises(Unauthenticated):
        other.validate(token_id)


def test_a_rolled_back_change_is_not_cached(harness: IdentityHarness) -> None:
    token_id = harness.issue_token()
    with pytest.raises(ZeroDivisionError), harness.transaction() as ctx:
        harness.identity.users.update(ctx, harness.user("demo").id, {"name": "other"}, {})
        assert harness.identity.authenticate(ctx.db, token_id, ctx.now).user_name == "other"
        raise ZeroDivisionError
    assert harness.caller(token_id).user_name == "demo"


def test_a_transaction_on_an_older_snapshot_does_not_change_the_cache(harness: IdentityHarness) -> None:
    first, second = harness.issue_token(), harness.issue_token()
    with harness.database.read_transaction() as old:
        harness.identity.authenticate(old, first, harness.clock.now())
        with harness.transaction() as ctx:
            harness.identity.users.update(ctx, harness.user("demo").id, {"enabled": False}, {})
        with harness.database.read_transaction() as new, pytest.raises(Unauthenticated):
            harness.identity.authenticate(new, first, harness.clock.now())
        harness.identity.authenticate(old, second, harness.clock.now())
    for token_id in (first, second):
        with pytest.raises(Unauthenticated):
            harness.validate(token_id)


def test_a_cached_token_is_validated_without_a_query(harness: IdentityHarness) -> None:
    token_id = harness.issue_token()
    harness.validate(token_id)
    with harness.database.read_transaction() as db:
        assert harness.identity.authenticate(db, token_id, harness.clock.now()).user_name == "demo"
        assert not db.in_transaction()


def test_a_renamed_project_is_renamed_in_existing_tokens(harness: IdentityHarness) -> None:
    token_id = harness.issue_token()
    assert harness.caller(token_id).project_name == "demo"
    with harness.transaction() as ctx:
        harness.identity.projects.update(ctx, harness.project("demo").id, {"name": "renamed"}, {})
    assert harness.caller(token_id).project_name == "renamed"
