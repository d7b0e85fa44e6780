"""Overrides of policy rules apply to every declared endpoint."""

from collections.abc import Iterator

import pytest

from stratiform.interfaces.almanach.api import api as ALMANACH
from stratiform.interfaces.endpoints import Api
from stratiform.interfaces.openstack.apis import APIS as OPENSTACK_APIS
from stratiform.interfaces.rest.api import api as REST_API
from stratiform.kit.policy import override_rules
from support.authorization import Matrix, authorization_matrix

pytestmark = pytest.mark.thorough

APIS: tuple[Api, ...] = (*OPENSTACK_APIS, REST_API, ALMANACH)

for _api in APIS:
    _api.import_routes()
PROTECTED = [(api, endpoint) for api in APIS for endpoint in api.endpoints if endpoint.rule is not None]
RULES = {endpoint.rule.name for _, endpoint in PROTECTED if endpoint.rule is not None}


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with authorization_matrix(tmp_path_factory.mktemp("home")) as authorization:
        yield authorization
    override_rules({})


def test_a_denied_rule_refuses_operators_at_every_endpoint(matrix: Matrix) -> None:
    override_rules(dict.fromkeys(RULES, lambda _caller, _target_id: False))
    statuses = {
        f"{api.name} {endpoint.name}": matrix.call(api, endpoint, "admin", unknown=True).status_code
        for api, endpoint in PROTECTED
    }
    assert {name: status for name, status in statuses.items() if status != 403} == {}


def test_a_rule_that_allows_everything_refuses_no_reader(matrix: Matrix) -> None:
    """Identifiers are unknown, so that nothing changes and no resource is a reason to refuse a request."""
    override_rules(dict.fromkeys(RULES, lambda _caller, _target_id: True))
    refused = {}
    for api, endpoint in PROTECTED:
        response = matrix.call(api, endpoint, "reader", unknown=True)
        if response.status_code == 403 and any(
            text in response.text for text in ("Policy doesn't allow", "not authorized to perform")
        ):
            refused[f"{api.name} {endpoint.name}"] = response.text[:200]
    assert refused == {}
