"""Operations that the OpenStack APIs have and this product does not: each is refused for this reason, and listed."""

from collections.abc import Iterator

import pytest

from stratiform.app.reference_pages import render_endpoints_page as endpoints_page
from stratiform.interfaces.endpoints import Endpoint
from stratiform.interfaces.openstack.apis import APIS
from stratiform.kit.errors import UnsupportedOperation
from support.authorization import OWN, Matrix, authorization_matrix, parameters

for _api in APIS:
    _api.import_routes()
UNSUPPORTED = [
    (api, endpoint)
    for api in APIS
    for endpoint in api.endpoints
    if UnsupportedOperation in endpoint.errors and (endpoint.function.__doc__ or "").startswith("Not supported")
]

#: Paths of types of resources that are never stored: the reason is more useful than 404.
NEVER_STORED = (
    "/OS-OAUTH1/",
    "/agents/",
    "/os-assisted-volume-snapshots/",
)

#: Parameters that are not UUIDs: a keyword and an integer.
OTHER_IDS = {"config_group", "aggregate_id"}

#: A body that is valid, where it is read.
BODIES = {"snapshots": "snapshot", "backups": "backup"}


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with authorization_matrix(tmp_path_factory.mktemp("home")) as authorization:
        yield authorization


def caller_for(matrix: Matrix, endpoint: Endpoint) -> str:
    """Return the caller with the least roles that may use an endpoint."""
    assert endpoint.rule is not None
    return "member" if endpoint.rule.allows_some_resource(matrix.callers["member"]) else "admin"


def test_unsupported_operations_answer_501_with_their_own_reason(matrix: Matrix) -> None:
    assert UNSUPPORTED
    wrong = {}
    for api, endpoint in UNSUPPORTED:
        key = BODIES.get(endpoint.path.strip("/"))
        body = {key: {"volume_id": matrix.identifiers["volume_id"]}} if key else None
        response = matrix.call(api, endpoint, caller_for(matrix, endpoint), json=body)
        is_cloud = endpoint.name == "PUT /os-hosts/{host}"  # of Block Storage
        if endpoint.path.startswith(("/attachments/", "/os-hypervisors/")) or is_cloud:
            assert response.status_code == 404  # none exists
            continue
        text = response.text.lower()
        if (
            response.status_code != 501
            or "quota" in text
            or not any(negation in text for negation in ("not ", "cannot", "through the"))
        ):
            wrong[endpoint.name] = (response.status_code, response.text)
    assert wrong == {}


def test_unsupported_operations_on_unknown_resources_answer_404(matrix: Matrix) -> None:
    wrong = {}
    for api, endpoint in UNSUPPORTED:
        if parameters(endpoint) - OWN - OTHER_IDS and not endpoint.path.startswith(NEVER_STORED):
            response = matrix.call(api, endpoint, caller_for(matrix, endpoint), unknown=True)
            if response.status_code != 404:
                wrong[endpoint.name] = (response.status_code, response.text)
    assert wrong == {}


def test_unsupported_operations_are_documented() -> None:
    page = endpoints_page()
    assert page.count("Not supported (501): ") == len(UNSUPPORTED)


def test_unknown_paths_have_the_text_of_openstack(matrix: Matrix) -> None:
    for path in ("identity/v3", "compute/v2.1", "volume/v3", "image/v2", "network/v2.0"):
        response = matrix.api.request("GET", f"/{path}/no-such-thing")
        assert response.status_code == 404
        assert "The resource could not be found." in response.text, path
