"""Paths that end with a slash: an empty id, which no resource has, where the real service reads them like this."""

from collections.abc import Iterator

import pytest

from stratiform.interfaces.openstack.apis import APIS
from support.authorization import Matrix, authorization_matrix

for _api in APIS:
    _api.import_routes()
COLLECTIONS = [
    (api, endpoint.path)
    for api in APIS
    for endpoint in api.endpoints
    if endpoint.method == "GET" and not api.ignores_trailing_slash and "{" not in endpoint.path
]


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with authorization_matrix(tmp_path_factory.mktemp("home")) as authorization:
        yield authorization


def test_resource_with_an_empty_id_does_not_exist(matrix: Matrix) -> None:
    assert ("image", "/images") in [(api.name, path) for api, path in COLLECTIONS]
    assert ("volume", "/volumes") in [(api.name, path) for api, path in COLLECTIONS]
    wrong = {}
    for api, path in COLLECTIONS:
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            response = matrix.api.request(method, f"{api.path}{path}/", "admin", json={})
            if response.status_code != 404 or not response.json():
                wrong[method, api.path + path] = response.status_code
    assert wrong == {}
