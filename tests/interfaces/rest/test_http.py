"""Status codes and headers of the REST API, and the security scheme of its description."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.callers import Callers, open_callers
from support.stacks import build_harness


@pytest.fixture
def api(home: Path) -> Iterator[Callers]:
    of = build_harness(home)
    with open_callers(of) as callers:
        yield callers
    of.services.database.close()


def test_method_not_allowed_lists_methods(api: Callers) -> None:
    response = api.request("PUT", "/api/v1/usage/rejected", "admin")
    assert (response.status_code, response.headers["content-type"]) == (405, "application/problem+json")
    assert set(response.headers["allow"].split(", ")) == {"GET", "DELETE", "OPTIONS"}


@pytest.mark.parametrize("token", [{}, {"X-Auth-Token": "gAAAA"}])
def test_unauthenticated_response_names_keystone(api: Callers, token: dict[str, str]) -> None:
    response = api.client.get("/api/v1/usage/segments", headers=token)
    assert (response.status_code, response.headers["www-authenticate"]) == (401, 'Keystone uri="/identity"')


def test_too_large_body(api: Callers) -> None:
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    response = api.request("POST", "/api/v1/usage/events", "admin", content=b" " * (17 << 20), headers=headers)
    assert (response.status_code, response.json()["hint"]) == (
        413,
        "the limit is 16 MiB; split the data across several requests",
    )


def test_compressed_body(api: Callers) -> None:
    headers = {"Content-Type": "application/cloudevents+json", "Content-Encoding": "gzip"}
    response = api.request("POST", "/api/v1/usage/events", "admin", content=b"\x1f\x8b", headers=headers)
    assert (response.status_code, response.json()["hint"]) == (415, "send the body uncompressed")


def test_openapi_security(api: Callers) -> None:
    document = api.client.get("/api/docs/openapi.json").json()
    assert document["security"] == [{"token": []}]
    assert document["components"]["securitySchemes"]["token"] == {
        "type": "apiKey",
        "name": "X-Auth-Token",
        "in": "header",
    }
