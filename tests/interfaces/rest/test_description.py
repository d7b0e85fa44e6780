"""`/api/docs/openapi.json`: it says of our own API all that a generated client needs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from litestar.testing import TestClient
from openapi_spec_validator import validate

from stratiform.app.api import application
from stratiform.interfaces.services import Services

GUIDE = Path(__file__).parents[3] / "docs/reference/usage-api.md"

#: What is only started: nothing is sent with it.
TAKES_NOTHING = {
    ("post", "/api/v1/clouds/{name}/check"),
    ("post", "/api/v1/usage/rejected/replay"),
    ("post", "/api/v1/usage/unknown/replay"),
}

TABLES = {"application/json", "text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"}

#: What else than JSON is answered.
ANSWERS = {
    "/api/v1/invoices/{number}/pdf": {"application/pdf"},
    "/api/v1/usage/audits": {"application/x-ndjson"},
    "/api/v1/usage/changes": {"text/event-stream"},
    "/api/v1/usage/log/checkpoint": {"text/plain"},
    "/api/v1/usage/log/export": {"application/x-ndjson"},
    "/api/v1/usage/log/tile/{tile}": {"application/octet-stream"},
    "/api/v1/usage/samples": TABLES,
    "/api/v1/usage/segments": TABLES,
    "/api/v1/usage/sums": TABLES,
}

SINGLE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"

EVENT = {"specversion": "1.0", "id": "1", "source": "/lab", "type": "usage.ended", "time": "2026-11-01T00:00:00Z"}


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    app = application(cast("Services", None))  # nothing is asked of it
    with TestClient(app) as http:
        first, again = (http.get("/api/docs/openapi.json") for _ in range(2))
    assert first.content == again.content
    return cast("dict[str, Any]", first.json())


def ours(told: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in told["paths"].items():
        if path.startswith("/api/v1/"):
            for method, operation in item.items():
                yield method, path, operation


def valid(told: dict[str, Any], schema: dict[str, Any], body: Any) -> bool:
    """With `schema` as it stands in the document."""
    return bool(Draft202012Validator({**schema, "components": told["components"]}).is_valid(body))


def taken(told: dict[str, Any], path: str, kind: str) -> dict[str, Any]:
    body = told["paths"][f"/api/v1/{path}"]["post"]["requestBody"]
    return cast("dict[str, Any]", body["content"][kind]["schema"])


def of_the_guide(path: str) -> list[Any]:
    """The bodies that the guide shows as sent to `path`."""
    found = re.findall(rf"\$U/{path} -d '(.*?)'\n", GUIDE.read_text(), re.DOTALL)
    return [json.loads(one) for one in found]


def test_it_is_openapi(told: dict[str, Any]) -> None:
    validate(told)


def test_every_route_that_writes_says_what_it_takes(told: dict[str, Any]) -> None:
    for method, path, operation in ours(told):
        writes = method in ("post", "put", "patch") and (method, path) not in TAKES_NOTHING
        assert ("requestBody" in operation) is writes, f"{method} {path}"
        if writes:
            assert operation["requestBody"]["required"] is True
            for kind, content in operation["requestBody"]["content"].items():
                assert content["schema"], f"{method} {path}: {kind}"


def test_every_error_is_a_problem(told: dict[str, Any]) -> None:
    for method, path, operation in ours(told):
        refused = {status: answer for status, answer in operation["responses"].items() if not status.startswith("2")}
        assert refused.keys() >= {"400", "401", "403", "default"}, f"{method} {path}"
        for status, answer in refused.items():
            assert answer["description"]
            assert answer["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }, f"{method} {path}: {status}"


def test_a_thing_that_is_named_may_be_unknown_and_a_body_too_large(told: dict[str, Any]) -> None:
    for method, path, operation in ours(told):
        assert "404" in operation["responses"] or "{" not in path, f"{method} {path}"
        unlimited = path == "/api/v1/usage/notifications"
        assert ("413" in operation["responses"]) is ("requestBody" in operation and not unlimited), f"{method} {path}"


def test_every_answer_has_its_media_types(told: dict[str, Any]) -> None:
    for method, path, operation in ours(told):
        (success,) = (answer for status, answer in operation["responses"].items() if status.startswith("2"))
        kinds = ANSWERS.get(path, {"application/json"}) if success.get("content") else set()
        assert success.get("content", {}).keys() == kinds, f"{method} {path}"
        assert kinds or "204" in operation["responses"], f"{method} {path}"
        assert all(content["schema"] for content in success.get("content", {}).values()), f"{method} {path}"


def test_corrections_of_the_guide_are_valid(told: dict[str, Any]) -> None:
    schema, shown = taken(told, "usage/corrections", "application/json"), of_the_guide("corrections")
    assert shown
    for body in shown:
        assert valid(told, schema, body), body
        assert not valid(told, schema, {**body, "resson": "misspelt"})
        assert not valid(told, schema, {name: word for name, word in body.items() if name != "reason"})


def test_events_of_the_guide_are_valid(told: dict[str, Any]) -> None:
    single, batch = taken(told, "usage/events", SINGLE), taken(told, "usage/events", BATCH)
    shown = of_the_guide("events")
    assert shown
    for event in [*shown, EVENT, {**EVENT, "type": "gpu.told", "data": {"resource_type": 1}, "traceparent": "00-1"}]:
        assert valid(told, single, event), event
        assert valid(told, batch, [event, event])
        assert not valid(told, batch, event)
        for missing in ("specversion", "id", "source", "type", "time"):
            assert not valid(told, single, {name: word for name, word in event.items() if name != missing}), missing
        assert valid(told, taken(told, "usage/events", "application/json"), event.get("data", {}))


def test_an_event_in_binary_mode_has_its_attributes_in_headers(told: dict[str, Any]) -> None:
    parameters = told["paths"]["/api/v1/usage/events"]["post"]["parameters"]
    headers = {one["name"] for one in parameters if one["in"] == "header"}
    assert headers == {"ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time", "ce-cloud"}


def test_what_is_counted_may_be_told_in_short(told: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/UsageData"}
    sampled = {"resource_type": "gpu", "resource_id": "g1"}
    for value in (1, 1.5, "2.25", {"value": "1", "kind": "gauge", "unit": "B", "hold": 60}):
        assert valid(told, schema, {**sampled, "samples": {"bytes": value}}), value
    assert not valid(told, schema, {**sampled, "samples": {"bytes": {"value": "1", "kind": "sum"}}})
    assert not valid(told, schema, {**sampled, "resource_ids": "misspelt"})
