"""Edge values of `limit` and `marker`, on every list that any API declares."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from stratiform.interfaces.endpoints import Api, Endpoint
from stratiform.interfaces.endpoints.decoding import list_query_fields
from stratiform.interfaces.openstack.apis import APIS as OPENSTACK_APIS
from stratiform.interfaces.rest.api import api as REST_API
from support.authorization import Matrix, authorization_matrix

pytestmark = pytest.mark.thorough

APIS: tuple[Api, ...] = (*OPENSTACK_APIS, REST_API)
UNKNOWN = "00000000-0000-4000-8000-00000000dead"
HUGE = "9" * 40
NO_NUMBERS = ("-1", "x", "1.0", "%201", "1_000", "%D9%A3", "%2B1", "1e3")

#: A microversion that has all parameters.
_LATEST = 1000

#: Lists whose function parses the query string itself.
_UNDECLARED = {"image GET /images"}

#: What the API answers to `limit=0`: an empty list, all items (as Neutron does), or 400.
LIMIT_0 = {
    "identity": "empty",
    "compute": "empty",
    "image": "empty",
    "volume": "empty",
    "network": "all",
    "rest": "400",
}

#: The address of the next page, or its marker in our own REST API.
_NEXT = re.compile(r'"next":"([^"]+)"|"rel":"next","href":"([^"]+)"')

for _api in APIS:
    _api.import_routes()
READS = {
    f"{api.name} {endpoint.name}": (api, endpoint)
    for api in APIS
    for endpoint in api.endpoints
    if endpoint.is_read_only
}


def declares(endpoint: Endpoint, name: str) -> bool:
    return endpoint.query is not None and name in list_query_fields(endpoint.query, _LATEST)


#: A limit of the items within a single resource, filters of a sum, pages by offset, and lists that require a host.
_NO_LISTS = {
    "compute GET /os-simple-tenant-usage/{target_project_id}",
    "compute GET /os-security-groups",
    "volume GET /volumes/summary",
    *(
        f"volume GET /{path}{suffix}"
        for path in ("manageable_volumes", "os-volume-manage", "manageable_snapshots", "os-snapshot-manage")
        for suffix in ("", "/detail")
    ),
}

#: Nova's proxies have no links and no markers.
_PAGED_BY_OFFSET = {f"compute GET /os-{path}{end}" for path in ("volumes", "snapshots") for end in ("", "/detail")}

LISTS = [
    name
    for name, (_, endpoint) in READS.items()
    if (declares(endpoint, "limit") and name not in _NO_LISTS) or name in _UNDECLARED
]


@dataclass(frozen=True, slots=True)
class Lists:
    """Read lists as a caller who sees items, if there is one."""

    matrix: Matrix
    callers: dict[str, str]

    def read(self, name: str, query: str = "") -> httpx.Response:
        return self.matrix.call(*READS[name], self.callers.get(name, "admin"), query=query)

    def statuses(self, query: str) -> dict[str, int]:
        return {name: self.read(name, query).status_code for name in LISTS}


def items(response: httpx.Response) -> list[Any]:
    """Return the items of a list: the array at the top level that holds no links."""
    assert response.status_code == 200, response.text
    [array] = [value for key, value in response.json().items() if isinstance(value, list) and not key.endswith("links")]
    assert isinstance(array, list)
    return array


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lists]:
    with authorization_matrix(tmp_path_factory.mktemp("home")) as matrix:
        callers = {}
        for name in LISTS:
            responses = {caller: matrix.call(*READS[name], caller) for caller in ("admin", "member")}
            counts = {caller: len(items(response)) for caller, response in responses.items() if response.is_success}
            callers[name] = max(counts, key=lambda caller: counts[caller])
        yield Lists(matrix, callers)


def test_lists_are_found(lists: Lists) -> None:
    assert len(LISTS) > 40
    assert {name.split()[0] for name in LISTS} == set(LIMIT_0)
    assert sum(len(items(lists.read(name))) > 1 for name in LISTS) > 12


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", f"limit={HUGE}", "limit=x", "limit=", f"marker={UNKNOWN}"])
def test_no_read_fails(lists: Lists, query: str) -> None:
    """Also not of endpoints that return a single resource, or that do not declare a limit."""
    failed = {name: status for name in READS if (status := lists.read(name, query).status_code) >= 500}
    assert {name: status for name, status in failed.items() if status != 501} == {}


def test_limit_0(lists: Lists) -> None:
    for name in LISTS:
        response, expected = lists.read(name, "limit=0"), LIMIT_0[name.split()[0]]
        if expected == "400":
            assert response.status_code == 400, (name, response.text)
        else:
            assert len(items(response)) == (len(items(lists.read(name))) if expected == "all" else 0), name
            assert _NEXT.search(response.text) is None, f"{name}: a page after an empty one would be empty too"


@pytest.mark.parametrize("limit", NO_NUMBERS)
def test_limit_that_is_no_number(lists: Lists, limit: str) -> None:
    assert {name: status for name, status in lists.statuses(f"limit={limit}").items() if status != 400} == {}


def test_huge_limit_is_reduced(lists: Lists) -> None:
    for name in LISTS:
        if LIMIT_0[name.split()[0]] == "400":
            assert lists.read(name, f"limit={HUGE}").status_code == 400, name
        else:
            assert items(lists.read(name, f"limit={HUGE}")) == items(lists.read(name)), name


@pytest.mark.parametrize("name", LISTS)
def test_pages_of_one_item_are_the_whole_list(lists: Lists, name: str) -> None:
    expected, listed, query = items(lists.read(name)), [], "limit=1"
    for _ in range(len(expected) + 1):
        response = lists.read(name, query)
        assert len(items(response)) <= 1
        listed += items(response)
        next_page = _NEXT.search(response.text)
        if name in _PAGED_BY_OFFSET:
            query = f"limit=1&offset={len(listed)}"
        elif next_page is not None:
            query = f"limit=1&marker={(next_page[1] or next_page[2]).rpartition('marker=')[2]}"
        else:
            break
    assert listed == expected


def test_unknown_marker(lists: Lists) -> None:
    statuses = lists.statuses(f"marker={UNKNOWN}")
    others = {name: status for name, status in statuses.items() if status != 400 and name not in _PAGED_BY_OFFSET}
    assert others == dict.fromkeys(("volume GET /snapshots", "volume GET /snapshots/detail"), 404), "as in Cinder"
