"""The OpenAPI document of the REST API has everything that a generated client needs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from litestar.testing import TestClient
from openapi_spec_validator import validate

from stratiform.app.api import build_application
from stratiform.interfaces.services import Services

GUIDE = Path(__file__).parents[3] / "docs/reference/usage-api.md"

#: Operations that change something and have no body.
WITHOUT_BODY = {
    ("post", "/api/v1/clouds/{name}/check"),
    ("post", "/api/v1/usage/rejected/replay"),
    ("post", "/api/v1/usage/ignored/replay"),
}

TABLES = {"application/json", "text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"}

#: Media types of responses that are not only JSON.
MEDIA_TYPES = {
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
def document() -> dict[str, Any]:
    app = build_application(cast("Services", SimpleNamespace(url="")))  # no service is used
    with TestClient(app) as http:
        first, second = (http.get("/api/docs/openapi.json") for _ in range(2))
    assert first.content == second.content
    return cast("dict[str, Any]", first.json())


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        if path.startswith("/api/v1/"):
            for method, operation in item.items():
                yield method, path, operation


def is_valid(document: dict[str, Any], schema: dict[str, Any], body: Any) -> bool:
    """Return True if `body` is valid by a schema of the document."""
    return bool(Draft202012Validator({**schema, "components": document["components"]}).is_valid(body))


def request_schema(document: dict[str, Any], path: str, media_type: str) -> dict[str, Any]:
    body = document["paths"][f"/api/v1/{path}"]["post"]["requestBody"]
    return cast("dict[str, Any]", body["content"][media_type]["schema"])


def bodies_in_guide(path: str) -> list[Any]:
    """Return the request bodies for `path` in the guide."""
    texts = re.findall(rf"\$U/{path} -d '(.*?)'\n", GUIDE.read_text(), re.DOTALL)
    return [json.loads(text) for text in texts]


def test_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_request_bodies(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        writes = method in ("post", "put", "patch") and (method, path) not in WITHOUT_BODY
        assert ("requestBody" in operation) is writes, f"{method} {path}"
        if writes:
            assert operation["requestBody"]["required"] is not (path == "/api/v1/usage/notifications")
            for media_type, content in operation["requestBody"]["content"].items():
                assert content["schema"], f"{method} {path}: {media_type}"


def test_errors_are_problems(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        errors = {status: response for status, response in operation["responses"].items() if not status.startswith("2")}
        needs_token = operation.get("security") != []
        assert errors.keys() >= ({"400", "401", "403", "default"} if needs_token else {"default"}), f"{method} {path}"
        for status, response in errors.items():
            assert response["description"]
            assert response["content"] == {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            }, f"{method} {path}: {status}"


def test_not_found_and_too_large(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert "404" in operation["responses"] or "{" not in path, f"{method} {path}"
        unlimited = path == "/api/v1/usage/notifications"
        assert ("413" in operation["responses"]) is ("requestBody" in operation and not unlimited), f"{method} {path}"


def test_media_types_of_responses(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        (success,) = (response for status, response in operation["responses"].items() if status.startswith("2"))
        media_types = MEDIA_TYPES.get(path, {"application/json"}) if success.get("content") else set()
        assert success.get("content", {}).keys() == media_types, f"{method} {path}"
        assert media_types or "204" in operation["responses"], f"{method} {path}"
        assert all(content["schema"] for content in success.get("content", {}).values()), f"{method} {path}"


def test_corrections_in_the_guide_are_valid(document: dict[str, Any]) -> None:
    schema, bodies = request_schema(document, "usage/corrections", "application/json"), bodies_in_guide("corrections")
    assert bodies
    for body in bodies:
        assert is_valid(document, schema, body), body
        assert not is_valid(document, schema, {**body, "resson": "misspelt"})
        assert not is_valid(document, schema, {name: value for name, value in body.items() if name != "reason"})


def test_events_in_the_guide_are_valid(document: dict[str, Any]) -> None:
    single, batch = request_schema(document, "usage/events", SINGLE), request_schema(document, "usage/events", BATCH)
    bodies = bodies_in_guide("events")
    assert bodies
    for event in [
        *bodies,
        EVENT,
        {**EVENT, "type": "gpu.reported", "data": {"resource_type": 1}, "traceparent": "00-1"},
    ]:
        assert is_valid(document, single, event), event
        assert is_valid(document, batch, [event, event])
        assert not is_valid(document, batch, event)
        for name_of_field in ("specversion", "id", "source", "type", "time"):
            assert not is_valid(
                document, single, {name: value for name, value in event.items() if name != name_of_field}
            ), name_of_field
        assert is_valid(document, request_schema(document, "usage/events", "application/json"), event.get("data", {}))


def test_headers_of_binary_mode(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/api/v1/usage/events"]["post"]["parameters"]
    headers = {parameter["name"] for parameter in parameters if parameter["in"] == "header"}
    assert headers == {"ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time", "ce-cloud"}


def test_sample_values(document: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/UsageData"}
    data = {"resource_type": "gpu", "resource_id": "g1"}
    for value in (1, 1.5, "2.25", {"value": "1", "kind": "gauge", "unit": "B", "hold": 60}):
        assert is_valid(document, schema, {**data, "samples": {"bytes": value}}), value
    assert not is_valid(document, schema, {**data, "samples": {"bytes": {"value": "1", "kind": "sum"}}})
    assert not is_valid(document, schema, {**data, "resource_ids": "misspelt"})
