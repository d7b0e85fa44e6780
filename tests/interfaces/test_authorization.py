"""The authorization matrix: every declared endpoint × no token, revoked token, other project, each role.

It is generated from the declarations. An endpoint whose path needs an identifier that `support.authorization` does not
create is uncovered; those are listed in `uncovered_endpoints.txt`, which may only shrink.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.interfaces.endpoints import Api, Endpoint
from stratiform.interfaces.openstack.apis import APIS as OPENSTACK_APIS
from stratiform.interfaces.rest.api import api as REST_API
from stratiform.kit.policy import Caller
from support.authorization import OWN, Matrix, authorization_matrix, parameters

APIS: tuple[Api, ...] = (*OPENSTACK_APIS, REST_API)

UNCOVERED_FILE = Path(__file__).with_name("uncovered_endpoints.txt")

for _api in APIS:
    _api.import_routes()
ENDPOINTS = [(api, endpoint) for api in APIS for endpoint in api.endpoints]
NAMES = [f"{api.name} {endpoint.name} since {endpoint.since}" for api, endpoint in ENDPOINTS]
PROTECTED = [(api, endpoint) for api, endpoint in ENDPOINTS if endpoint.rule is not None]


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with authorization_matrix(tmp_path_factory.mktemp("home")) as authorization:
        yield authorization


def may(endpoint: Endpoint, caller: Caller) -> bool:
    return endpoint.rule is None or endpoint.rule.allows_some_resource(caller)


def test_names_of_endpoints_are_unique() -> None:
    assert sorted(set(NAMES)) == sorted(NAMES)


def test_uncovered_endpoints_are_listed(matrix: Matrix) -> None:
    uncovered = [
        name for name, (api, endpoint) in zip(NAMES, ENDPOINTS, strict=True) if matrix.path(api, endpoint) is None
    ]
    listed = UNCOVERED_FILE.read_text().splitlines()
    assert sorted(uncovered) == listed, "list new endpoints only with a reason; remove covered ones"


def test_without_a_token_every_endpoint_is_unauthorized(matrix: Matrix) -> None:
    statuses = {endpoint.name: matrix.call(api, endpoint, "").status_code for api, endpoint in PROTECTED}
    assert {name: status for name, status in statuses.items() if status != 401} == {}


def test_with_a_revoked_token_every_endpoint_is_unauthorized(matrix: Matrix) -> None:
    statuses = {endpoint.name: matrix.call(api, endpoint, "revoked").status_code for api, endpoint in PROTECTED}
    assert {name: status for name, status in statuses.items() if status != 401} == {}


@pytest.mark.parametrize("role", ["reader", "member", "project admin", "domain manager", "admin"])
def test_roles_follow_the_declared_rule(matrix: Matrix, role: str) -> None:
    """A caller without the role gets 403 before anything is decoded; with the role never 401 or 403.

    Identifiers are unknown, so that nothing changes and no resource is a reason to refuse a request.
    """
    wrong = {}
    for api, endpoint in PROTECTED:
        status = matrix.call(api, endpoint, role, unknown=True).status_code
        allowed = may(endpoint, matrix.callers[role])
        refused = (401,) if parameters(endpoint) & OWN and not endpoint.is_read_only else (401, 403)
        if (allowed and status in refused) or (not allowed and status != 403):
            wrong[f"{api.name} {endpoint.name}"] = (status, allowed)
    assert wrong == {}


@pytest.mark.parametrize("caller", ["other", "domain manager"])
def test_another_project_reaches_no_resource(matrix: Matrix, caller: str) -> None:
    """Paths with an identifier of project green answer 403 or 404 to a member of project blue, and to a manager of
    another domain.
    """
    reached = {}
    for api, endpoint in PROTECTED:
        if parameters(endpoint) & matrix.private:
            response = matrix.call(api, endpoint, caller)
            if response.status_code not in (400, 403, 404, 415, 501):
                reached[f"{api.name} {endpoint.name}"] = response.status_code
    assert reached == {}


@pytest.mark.parametrize("caller", ["other", "domain manager"])
def test_lists_of_another_project_reveal_no_identifier(matrix: Matrix, caller: str) -> None:
    revealed = {}
    for api, endpoint in PROTECTED:
        if endpoint.is_read_only and not parameters(endpoint):
            text = matrix.call(api, endpoint, caller).text
            leaks = [name for name in matrix.private if matrix.identifiers[name] in text]
            if leaks:
                revealed[f"{api.name} {endpoint.name}"] = leaks
    assert revealed == {}


def test_admins_of_customers_change_nothing_in_the_rest_api(matrix: Matrix) -> None:
    """Money, clouds and the ledger are the operator's: an admin of a project may change as little as its members."""
    changing = [endpoint for endpoint in REST_API.endpoints if endpoint.rule is not None and not endpoint.is_read_only]
    assert len(changing) > 20
    for caller in ("project admin", "domain manager"):
        possible = [endpoint.name for endpoint in changing if may(endpoint, matrix.callers[caller])]
        assert possible == [endpoint.name for endpoint in changing if may(endpoint, matrix.callers["member"])], caller
