"""Random requests to every endpoint, generated from its schemas, never cause an internal server error.

`make fuzz SECONDS=600 SEED=7` runs it for longer. A failure prints the seed, and the request that failed. In the test
suite, the requests are the same on each machine, however fast it is.
"""

import itertools
import json
import os
import time
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from stratiform.interfaces.almanach.api import api as ALMANACH
from stratiform.interfaces.endpoints import Api, Endpoint
from stratiform.interfaces.endpoints.json_schemas import JsonSchemas, has_schema
from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.apis import APIS as OPENSTACK_APIS
from stratiform.interfaces.rest.api import api as REST_API
from support.authorization import Matrix, authorization_matrix, parameters
from support.random_bodies import RandomBodies

pytestmark = pytest.mark.thorough

APIS: tuple[Api, ...] = (*OPENSTACK_APIS, REST_API, ALMANACH)
SEED = int(os.environ.get("FUZZ_SEED", "1"))
SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))

#: Requests at least.
MIN_REQUESTS = 2_000

#: Endpoints that change what the other requests need: tokens, users, projects, roles, and this installation's keys.
_DESTRUCTIVE = ("/auth", "/users", "/projects", "/domains", "/roles", "/groups", "/system", "/role_", "/OS-TRUST")

_PATCH = "application/openstack-images-v2.1-json-patch"

for _api in APIS:
    _api.import_routes()


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with authorization_matrix(tmp_path_factory.mktemp("home")) as authorization:
        yield authorization


def list_endpoints(random: Random) -> list[tuple[Api, Endpoint]]:
    """Return all endpoints that do not stream, in random order."""
    endpoints = [(api, endpoint) for api in APIS for endpoint in api.endpoints if not endpoint.is_async]
    random.shuffle(endpoints)
    return endpoints


class Requests:
    """Builds random requests."""

    def __init__(self, matrix: Matrix, random: Random) -> None:
        self._matrix = matrix
        self._random = random
        self._schemas = JsonSchemas()
        identifiers = sorted({str(value) for value in matrix.identifiers.values()})
        self._bodies = RandomBodies(random, self._schemas.components.schemas, identifiers)

    def build(self, api: Api, endpoint: Endpoint) -> dict[str, Any]:
        request: dict[str, Any] = {"method": endpoint.method, "path": self._path(api, endpoint)}
        request["caller"] = (
            "green" if self._is_destructive(endpoint) else self._random.choice(["green", "admin", "admin"])
        )
        if endpoint.query is not None:
            request["path"] += f"?{self._query(endpoint)}"
        if not endpoint.is_read_only:
            request["content"] = json.dumps(self._body(endpoint)).encode()
        request["headers"] = self._headers(api, endpoint)
        return request

    def _is_destructive(self, endpoint: Endpoint) -> bool:
        return not endpoint.is_read_only and endpoint.path.startswith(_DESTRUCTIVE)

    def _path(self, api: Api, endpoint: Endpoint) -> str:
        path = endpoint.path
        for name in parameters(endpoint):
            value_of_resource = self._matrix.identifiers.get(name)
            keep = value_of_resource is not None and self._random.random() < 0.8
            if endpoint.method == "DELETE" and not endpoint.is_read_only:
                keep = False
            value = str(value_of_resource) if keep else self._bodies.create({"type": "string"})
            path = path.replace(f"{{{name}}}", quote(str(value), safe="") or "x")
        return api.path + path

    def _query(self, endpoint: Endpoint) -> str:
        fields = self._schemas.iterate_fields(endpoint.query)
        pairs = [
            (name, value if isinstance(value := self._bodies.create(schema), str) else json.dumps(value))
            for name, schema, _ in fields
            if self._random.random() < 0.3
        ]
        return urlencode(pairs)

    def _body(self, endpoint: Endpoint) -> Any:
        if "json-patch" in str(endpoint.path) or (endpoint.method == "PATCH" and endpoint.body is bytes):
            operation = {"op": self._random.choice(["add", "replace", "remove"]), "path": self._pointer()}
            return [operation | {"value": self._bodies.create({})}]
        if endpoint.consumes:
            schema = self._schemas.get(next(iter(endpoint.consumes.values())))
        else:
            schema = (
                self._schemas.get(endpoint.body) if has_schema(endpoint.body) and endpoint.body is not bytes else {}
            )
        value = self._bodies.create(schema if isinstance(schema, dict) else {})
        return {endpoint.action: value} if endpoint.action else value

    def _pointer(self) -> str:
        names = ("name", "tags", "visibility", "owner", "locations", "disk_format", "min_ram", "a~1b", "locations/0")
        return f"/{self._random.choice([*names, self._bodies.create({'type': 'string'})])}"

    def _headers(self, api: Api, endpoint: Endpoint) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if endpoint.method == "PATCH" and endpoint.body is bytes:
            headers["Content-Type"] = _PATCH
        if isinstance(api, OpenStackApi) and api.microversions is not None:
            last = api.microversions.last if endpoint.until is None else endpoint.until
            minor = self._random.randint(max(endpoint.since, api.microversions.first), last)
            headers["OpenStack-API-Version"] = f"{api.microversions.service} {api.microversions.major}.{minor}"
        return headers


def test_random_requests_cause_no_server_error(matrix: Matrix) -> None:
    random = Random(SEED)
    requests = Requests(matrix, random)
    failures: dict[str, object] = {}
    statuses: set[int] = set()
    start = time.monotonic()
    for number, (api, endpoint) in enumerate(itertools.cycle(list_endpoints(random))):
        if number >= MIN_REQUESTS and time.monotonic() - start > SECONDS:
            break
        request = requests.build(api, endpoint)
        arguments = {name: request[name] for name in ("content", "headers") if name in request}
        response = matrix.api.request(
            request["method"], request["path"], request["caller"], follow_redirects=False, **arguments
        )
        statuses.add(response.status_code)
        if response.status_code >= 500 and response.status_code != 501:
            failures.setdefault(f"{api.name} {endpoint.name}", (request, response.text[:300]))
    assert failures == {}, f"FUZZ_SEED={SEED}, {number} requests"
    assert {200, 400, 404} <= statuses
    assert len(list_endpoints(random)) > 800


def test_random_values_are_mostly_valid() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}
    bodies = RandomBodies(Random(SEED), {})
    values = [bodies.create(schema) for _ in range(300)]
    valid = [value for value in values if isinstance(value, dict) and isinstance(value.get("a"), int)]
    assert 200 < len(valid) < 300
    assert {type(value.get("b")) for value in valid} >= {str, type(None)}
