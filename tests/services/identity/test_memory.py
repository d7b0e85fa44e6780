"""What a process remembers of the directory is never wrong for long, and never wrong about its own changes."""

import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Unauthenticated
from support.identity import Desk, second


def test_another_process_refuses_a_revoked_token_within_a_second(desk: Desk) -> None:
    here, there = desk, second(desk)
    text = here.token()
    there.valid(text)
    with here.writing() as ctx:
        here.identity.tokens.revoke(ctx, text)
    with pytest.raises(Unauthenticated):
        here.valid(text)
    desk.clock.advance(SECOND_US)
    with pytest.raises(Unauthenticated):
        there.valid(text)


def test_a_change_that_came_to_nothing_is_not_remembered(desk: Desk) -> None:
    text = desk.token()
    with pytest.raises(ZeroDivisionError), desk.writing() as ctx:
        desk.identity.users.update(ctx, desk.user("demo").id, {"name": "other"}, {})
        assert desk.identity.caller(ctx.db, text, ctx.now).user_name == "other"
        raise ZeroDivisionError
    assert desk.caller(text).user_name == "demo"


def test_one_who_still_looks_at_an_older_state_does_not_spoil_the_memory(desk: Desk) -> None:
    text, fresh = desk.token(), desk.token()
    with desk.database.snapshot() as old:
        desk.identity.caller(old, text, desk.clock.now())
        with desk.writing() as ctx:
            desk.identity.users.update(ctx, desk.user("demo").id, {"enabled": False}, {})
        with desk.database.snapshot() as new, pytest.raises(Unauthenticated):
            desk.identity.caller(new, text, desk.clock.now())
        desk.identity.caller(old, fresh, desk.clock.now())
    for each in (text, fresh):
        with pytest.raises(Unauthenticated):
            desk.valid(each)


def test_a_token_that_is_known_costs_no_query(desk: Desk) -> None:
    text = desk.token()
    desk.valid(text)
    with desk.database.snapshot() as db:
        assert desk.identity.caller(db, text, desk.clock.now()).user_name == "demo"
        assert not db.in_transaction()


def test_names_follow_changes(desk: Desk) -> None:
    text = desk.token()
    assert desk.caller(text).project_name == "demo"
    with desk.writing() as ctx:
        desk.identity.projects.update(ctx, desk.project("demo").id, {"name": "renamed"}, {})
    assert desk.caller(text).project_name == "renamed"
