"""`POST /clouds/{name}/server-types`: flavors for the types of servers that a cloud offers."""

from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.interfaces.rest.name_resolution import list_all_flavors
from stratiform.services.compute.model.flavors import Flavor, NewFlavor
from support.moto import aws_settings
from support.rest import Rest, rest
from support.stacks import ServiceHarness

NAMES = {"memory.large", "memory.medium", "memory.small"}


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    with rest(service_harness) as api:
        api("POST", "clouds", {"kind": "memory", "name": "sim"})
        yield api


def register(api: Rest, cloud: str = "sim", **body: str) -> dict[str, Any]:
    response = api("POST", f"clouds/{cloud}/server-types", body)
    assert response.status_code == 200, response.text
    return dict(response.json())


def list_flavors(harness: ServiceHarness) -> dict[str, Flavor]:
    with harness.services.database.read_transaction() as db:
        flavors = list_all_flavors(harness.services, harness.ctx(db))
    return {flavor.name: flavor for flavor in flavors if flavor.name in NAMES}


def test_server_types_become_public_flavors_once(api: Rest, service_harness: ServiceHarness) -> None:
    assert register(api) == {"created": 3, "mapped": 0, "unchanged": 0, "conflicting": []}
    assert register(api) == {"created": 0, "mapped": 0, "unchanged": 3, "conflicting": []}
    flavors = list_flavors(service_harness)
    assert all(flavor.is_public for flavor in flavors.values())
    sizes = {flavor.name: (flavor.vcpus, flavor.ram, flavor.disk) for flavor in flavors.values()}
    assert sizes == {"memory.large": (4, 8192, 80), "memory.medium": (2, 4096, 40), "memory.small": (1, 2048, 20)}
    native_ids = api("GET", "clouds/sim").json()["native_ids"]
    assert {native["native_id"] for native in native_ids} == NAMES


def test_flavors_of_a_project_are_private(api: Rest, service_harness: ServiceHarness) -> None:
    register(api, project="demo")
    flavors = list_flavors(service_harness)
    assert flavors.keys() == NAMES
    access = service_harness.services.compute.flavor_access
    with service_harness.services.database.read_transaction() as db:
        for flavor in flavors.values():
            assert not flavor.is_public
            assert access.list(service_harness.ctx(db), flavor.id) == [api.demo_project]


def test_existing_flavors_are_mapped_and_shared(api: Rest, service_harness: ServiceHarness) -> None:
    register(api, project="demo")
    api("POST", "clouds", {"kind": "memory", "name": "other"})
    assert register(api, "other", project="admin") == {"created": 0, "mapped": 3, "unchanged": 0, "conflicting": []}
    access = service_harness.services.compute.flavor_access
    with service_harness.services.database.read_transaction() as db:
        for flavor in list_flavors(service_harness).values():
            assert len(access.list(service_harness.ctx(db), flavor.id)) == 2


def test_flavor_with_another_size_is_not_mapped(api: Rest, service_harness: ServiceHarness) -> None:
    services = service_harness.services
    with services.database.transaction() as db:
        new = NewFlavor(name="memory.small", vcpus=1, ram=1024, disk=20)
        services.compute.flavors.create(service_harness.ctx(db), new)
    expected = {"created": 2, "mapped": 0, "unchanged": 0, "conflicting": ["memory.small"]}
    assert register(api) == expected
    native_ids = api("GET", "clouds/sim").json()["native_ids"]
    assert {native["native_id"] for native in native_ids} == NAMES - {"memory.small"}


def test_connector_without_server_types_is_refused(api: Rest, service_harness: ServiceHarness) -> None:
    services = service_harness.services
    with services.database.transaction() as db:
        services.clouds.accounts.create(service_harness.ctx(db), "prometheus", "metrics", {"url": "http://p"})
    response = api("POST", "clouds/metrics/server-types", {})
    assert response.status_code == 501
    assert "do not list their types of servers" in response.json()["detail"]


def test_unknown_project_and_cloud(api: Rest, service_harness: ServiceHarness) -> None:
    assert api("POST", "clouds/sim/server-types", {"project": "nowhere"}).status_code == 404
    assert api("POST", "clouds/nowhere/server-types", {}).status_code == 404
    assert list_flavors(service_harness) == {}


def test_server_types_of_aws(api: Rest, moto_url: str) -> None:
    api("POST", "clouds", {"kind": "aws", "name": "ec2", "settings": aws_settings(moto_url)})
    assert register(api, "ec2")["created"] > 100
