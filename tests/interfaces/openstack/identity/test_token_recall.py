"""Responses to `GET /auth/tokens` that are in memory: each is what the database would give."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from stratiform.kit.clock import SECOND_US
from stratiform.kit.database import Database
from support.callers import Callers
from support.identity_api import V3


def show(api: Callers, subject: str, caller: str = "admin", query: str = "") -> Any:
    headers = {"X-Subject-Token": api.tokens[subject]}
    return api.request("GET", f"{V3}/auth/tokens{query}", caller, headers=headers)


@contextmanager
def no_transactions() -> Iterator[None]:
    with patch.object(Database, "read_transaction", side_effect=AssertionError("the database is read")):
        yield


def test_a_token_is_shown_again_without_the_database(api: Callers) -> None:
    first = show(api, "green")
    with no_transactions():
        second = show(api, "green")
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert second.headers["x-subject-token"] == api.tokens["green"]
    assert second.headers["content-type"] == first.headers["content-type"]
    assert "catalog" not in show(api, "green", query="?nocatalog").json()["token"]


def test_another_caller_or_subject_is_checked(api: Callers) -> None:
    assert show(api, "green").status_code == 200
    assert show(api, "green", caller="blue").status_code == 403
    assert show(api, "blue").json()["token"]["project"]["name"] == "blue"


def test_a_revoked_token_is_not_shown(api: Callers) -> None:
    assert [show(api, "green").status_code for _ in range(2)] == [200, 200]
    headers = {"X-Subject-Token": api.tokens["green"]}
    assert api.request("DELETE", f"{V3}/auth/tokens", "admin", headers=headers).status_code == 204
    assert show(api, "green").status_code == 404


def test_a_caller_that_is_revoked_sees_nothing(api: Callers) -> None:
    assert show(api, "green", caller="green").status_code == 200
    headers = {"X-Subject-Token": api.tokens["green"]}
    assert api.request("DELETE", f"{V3}/auth/tokens", "green", headers=headers).status_code == 204
    assert show(api, "green", caller="green").status_code == 401


def test_a_token_that_expires_is_not_shown(api: Callers) -> None:
    assert show(api, "green").status_code == 200
    expires_in_us = 3600 * SECOND_US
    api.harness.clock.advance(expires_in_us)
    assert show(api, "green").status_code in (401, 404)
