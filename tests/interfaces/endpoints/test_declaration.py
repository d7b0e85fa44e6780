"""Declarations of endpoints."""

from msgspec import Struct

from stratiform.interfaces.endpoints import Api, ApiRequest, ApiResponse
from stratiform.kit.policy import Rule, anyone

RULE = Rule("test:get", anyone)


class Example(Struct):
    id: str


def declare() -> Api:
    api = Api(name="test", path="/test", routes="", exception_handlers={})

    @api.get("/plain", RULE)
    def get_plain(_request: ApiRequest) -> Example:
        return Example("1")

    @api.get("/with-headers", RULE)
    def get_with_headers(_request: ApiRequest) -> ApiResponse[Example]:
        return ApiResponse(Example("1"), headers={"Location": "/test/1"})

    @api.delete("/stacked", RULE, status=204, since=2)
    @api.delete("/stacked", RULE, status=202, until=1)
    def delete_stacked(_request: ApiRequest) -> None:
        return None

    return api


def test_response_schema_is_the_body() -> None:
    schemas = {endpoint.path: endpoint.response for endpoint in declare().endpoints}
    assert (schemas["/plain"], schemas["/with-headers"]) == (Example, Example)


def test_a_function_may_be_declared_for_several_microversions() -> None:
    stacked = [endpoint for endpoint in declare().endpoints if endpoint.path == "/stacked"]
    assert sorted((endpoint.since, endpoint.until, endpoint.status) for endpoint in stacked) == [
        (0, 1, 202),
        (2, None, 204),
    ]
