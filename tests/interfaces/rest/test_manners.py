"""What HTTP asks of every answer of our own API, and what its description says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.callers import Callers, open_callers
from support.stacks import bench


@pytest.fixture
def api(home: Path) -> Iterator[Callers]:
    of = bench(home)
    with open_callers(of) as asking:
        yield asking
    of.services.database.close()


def test_what_is_not_allowed_comes_with_what_is(api: Callers) -> None:
    answer = api.request("PUT", "/api/v1/usage/rejected", "admin")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "DELETE", "OPTIONS"}


@pytest.mark.parametrize("token", [{}, {"X-Auth-Token": "gAAAA"}])
def test_who_must_sign_in_is_told_how(api: Callers, token: dict[str, str]) -> None:
    answer = api.client.get("/api/v1/usage/segments", headers=token)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Keystone uri="/identity"')


def test_a_body_that_is_too_large_is_told_how_large_it_may_be(api: Callers) -> None:
    kind = {"Content-Type": "application/cloudevents-batch+json"}
    answer = api.request("POST", "/api/v1/usage/events", "admin", content=b" " * (17 << 20), headers=kind)
    assert (answer.status_code, answer.json()["hint"]) == (413, "16 MiB at most; send it in several requests")


def test_a_packed_body_is_refused_as_that(api: Callers) -> None:
    headers = {"Content-Type": "application/cloudevents+json", "Content-Encoding": "gzip"}
    answer = api.request("POST", "/api/v1/usage/events", "admin", content=b"\x1f\x8b", headers=headers)
    assert (answer.status_code, answer.json()["hint"]) == (415, "send the body uncompressed")


def test_the_description_says_how_to_sign_in(api: Callers) -> None:
    told = api.client.get("/api/docs/openapi.json").json()
    assert told["security"] == [{"token": []}]
    assert told["components"]["securitySchemes"]["token"] == {"type": "apiKey", "name": "X-Auth-Token", "in": "header"}
