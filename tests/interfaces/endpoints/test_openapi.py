"""OpenAPI documents of declared endpoints."""

import json
import re
from typing import Annotated, Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from msgspec import UNSET, Meta, Struct, UnsetType, field
from openapi_spec_validator import validate

from stratiform.interfaces.endpoints import ADMIN_ONLY, Action, Api, ApiRequest, ApiResponse, Since
from stratiform.interfaces.endpoints.extra_attributes import ExtensibleStruct
from stratiform.interfaces.endpoints.media_types import BINARY, JSON, NDJSON, TEXT
from stratiform.interfaces.endpoints.openapi import build_document, summarize_endpoint
from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.apis import APIS
from stratiform.kit.errors import Conflict
from stratiform.kit.policy import Rule, anyone

RULE = Rule("items:list", anyone, "List items")
START = Rule("items:start", anyone, "Start an item")

api = Api(name="items", path="/v1", routes="", exception_handlers={}, strict=True)


class ItemConflict(Conflict):
    """An item with this name exists."""


class ItemQuery(Struct):
    """Filters."""

    limit: Annotated[int | None, Meta(description="Maximum number of items.")] = None
    since: Annotated[str, Meta(description="Start.")] = field(name="from", default="now")


class ItemHeaders(Struct):
    last_event_id: str | None = field(name="last-event-id", default=None)


class Item(Struct):
    """An item."""

    id: str
    host: Annotated[str | UnsetType, Since(3), ADMIN_ONLY] = UNSET


class Items(Struct):
    items: list[Item]


class ItemCreate(ExtensibleStruct, kw_only=True):
    name: str


class Start(Struct):
    force: bool = False


@api.get("/items", RULE)
def list_items(_request: ApiRequest, query: ItemQuery, headers: ItemHeaders) -> Items:
    """List items. Newest first.

    Operators get all of them.
    """
    return Items([])


@api.post("/items", RULE, status=201, errors=(ItemConflict,))
def create_item(_request: ApiRequest, body: ItemCreate) -> ApiResponse[Item]:
    """`name` is unique."""
    return ApiResponse(Item(body.name))


@api.get("/items/{item_id}/data/{path:path}", None, produces={NDJSON: TEXT, "image/png": BINARY})
def show_data(_request: ApiRequest, item_id: Annotated[str, Meta(description="Id.")], path: str) -> ApiResponse[bytes]:
    return ApiResponse(b"")


def _start(_request: ApiRequest, item_id: str, body: Start) -> None: ...


def stop_item(_request: ApiRequest, item_id: str) -> None:
    """`force` has no effect."""


api.declare_actions(
    "/items/{item_id}/action", [Action("start", START, _start, since=2), Action("stop", RULE, stop_item)]
)


@api.put("/items/{item_id}", RULE, until=1)
def replace_item(_request: ApiRequest, item_id: str, body: Start) -> Items:
    return Items([])


@api.put("/items/{item_id}", RULE, since=2)
def update_item(_request: ApiRequest, item_id: str, body: ItemCreate) -> Item:
    return Item(item_id)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return build_document([api], title="Items", version="1.2")


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)
    assert document["info"] == {"title": "Items", "version": "1.2"}


def test_summaries_are_those_of_docstrings_names_and_rules(document: dict[str, Any]) -> None:
    operation = document["paths"]["/v1/items"]["get"]
    assert operation["summary"] == "List items"
    assert operation["description"] == "Newest first. Operators get all of them."
    assert operation["operationId"] == "list_items"
    created = document["paths"]["/v1/items"]["post"]
    assert (created["summary"], created["description"]) == ("Create item", "`name` is unique.")
    assert [summarize_endpoint(endpoint) for endpoint in api.endpoints if endpoint.action] == [
        "Start an item",
        "Stop item",
    ]
    assert summarize_endpoint(api.endpoints[2]) == "Show data"


def test_parameters(document: dict[str, Any]) -> None:
    assert document["paths"]["/v1/items"]["get"]["parameters"] == [
        {
            "name": "limit",
            "in": "query",
            "required": False,
            "schema": {"type": "integer"},
            "description": "Maximum number of items.",
        },
        {
            "name": "from",
            "in": "query",
            "required": False,
            "schema": {"type": "string", "default": "now"},
            "description": "Start.",
        },
        {"name": "last-event-id", "in": "header", "required": False, "schema": {"type": "string"}},
    ]
    names = [
        (parameter["name"], parameter["in"], parameter.get("description"))
        for parameter in document["paths"]["/v1/items/{item_id}/data/{path}"]["get"]["parameters"]
    ]
    assert names == [("item_id", "path", "Id."), ("path", "path", None)]


def test_responses(document: dict[str, Any]) -> None:
    created = document["paths"]["/v1/items"]["post"]["responses"]
    assert created.keys() == {"201", "400", "401", "403", "409", "413", "415", "default"}
    assert created["409"]["description"] == "An item with this name exists."
    assert created["201"]["content"] == {JSON: {"schema": {"$ref": "#/components/schemas/Item"}}}
    data = document["paths"]["/v1/items/{item_id}/data/{path}"]["get"]
    assert data["responses"].keys() == {"200", "400", "404", "default"}
    assert data["responses"]["200"]["content"].keys() == {NDJSON, "image/png"}
    assert data["security"] == []


def test_actions_are_alternatives(document: dict[str, Any]) -> None:
    operation = document["paths"]["/v1/items/{item_id}/action"]["post"]
    schema = operation["requestBody"]["content"][JSON]["schema"]
    assert [option["x-openstack"] for option in schema["anyOf"]] == [
        {"action-name": "start", "min-ver": "2"},
        {"action-name": "stop"},
    ]
    assert operation["x-policy-rule"] == ["items:list", "items:start"]
    validator = Draft202012Validator({**schema, "components": document["components"]})
    assert validator.is_valid({"start": {"force": True}})
    assert not validator.is_valid({"start": {"force": 3}})
    assert not validator.is_valid({"pause": None})


def test_ranges_of_microversions_are_alternatives(document: dict[str, Any]) -> None:
    operation = document["paths"]["/v1/items/{item_id}"]["put"]
    references = [{"$ref": "#/components/schemas/Items"}, {"$ref": "#/components/schemas/Item"}]
    assert operation["responses"]["200"]["content"][JSON]["schema"] == {"anyOf": references}
    assert len(operation["requestBody"]["content"][JSON]["schema"]["anyOf"]) == 2


def test_fields_have_microversions_and_extensible_structs_any_property(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Item"]["properties"]["host"]["x-openstack"] == {"min-ver": "3", "admin-only": True}
    assert schemas["ItemCreate"]["properties"] == {"name": {"type": "string"}}
    assert schemas["ItemCreate"]["additionalProperties"] is True


@pytest.mark.thorough
@pytest.mark.parametrize("openstack_api", APIS, ids=[api.name for api in APIS])
def test_openstack_apis_are_described(openstack_api: OpenStackApi) -> None:
    document = build_document([openstack_api], title=openstack_api.name, version=openstack_api.versions.id)
    validate(document)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def test_one_document_of_several_apis() -> None:
    """Each part is valid on its own; together, every reference has a target."""
    document = build_document([api, *APIS], title="All", version="1")
    assert document["paths"].keys() > {"/v1/items", "/volume/v3/volumes", "/image/v2/images"}
    references = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references == document["components"]["schemas"].keys()


def test_an_operation_of_a_function_with_several_routes_has_its_own_id() -> None:
    shared = Api(name="shared", path="/v1", routes="", exception_handlers={})
    shared.get("/items/{item_id}", RULE)(stop_item)
    shared.head("/items/{item_id}", RULE)(stop_item)
    document = build_document([shared], title="Shared", version="1")
    operations = document["paths"]["/v1/items/{item_id}"]
    assert operations["get"]["operationId"] == "get_v1_items_item_id"
    assert operations["head"]["operationId"] == "head_v1_items_item_id"
