"""Conformance to contract.server_types."""

from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.contract.server_types import ServerTypeDriver


@pytest.fixture
def server_types(cloud: CloudUnderTest) -> ServerTypeDriver:
    driver: ServerTypeDriver | None = getattr(cloud.connection, "server_types", None)
    if driver is None:
        pytest.skip(f"{cloud.kind} has no server types")
    return driver


def test_server_types_are_sorted_and_have_sizes(server_types: ServerTypeDriver) -> None:
    items = list(server_types.list())
    ids = [item.id for item in items]
    assert ids == sorted(set(ids))
    assert ids
    assert all(item.name and item.vcpus > 0 and item.ram_mib > 0 and item.disk_gib >= 0 for item in items)


def test_server_of_a_type(cloud: CloudUnderTest, server_types: ServerTypeDriver) -> None:
    smallest = min(server_types.list(), key=lambda item: (item.ram_mib, item.vcpus, item.id))
    size = ServerSize(smallest.vcpus, smallest.ram_mib, max(smallest.disk_gib, 20), native_type=smallest.id)
    server = cloud.compute.create(ServerSpec(str(uuid4()), "offered", size, cloud.image))
    assert (server.size.vcpus, server.size.ram_mib) == (smallest.vcpus, smallest.ram_mib)
