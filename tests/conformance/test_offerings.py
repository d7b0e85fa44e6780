"""Conformance to contract.offerings."""

from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.contract.offerings import OfferingDriver


@pytest.fixture
def offerings(cloud: CloudUnderTest) -> OfferingDriver:
    driver: OfferingDriver | None = getattr(cloud.connection, "offerings", None)
    if driver is None:
        pytest.skip(f"{cloud.kind} has no offerings")
    return driver


def test_offerings_are_sorted_and_have_sizes(offerings: OfferingDriver) -> None:
    items = list(offerings.list())
    ids = [item.id for item in items]
    assert ids == sorted(set(ids))
    assert ids
    assert all(item.name and item.vcpus > 0 and item.ram_mib > 0 and item.disk_gib >= 0 for item in items)


def test_server_of_an_offering(cloud: CloudUnderTest, offerings: OfferingDriver) -> None:
    smallest = min(offerings.list(), key=lambda item: (item.ram_mib, item.vcpus, item.id))
    size = ServerSize(smallest.vcpus, smallest.ram_mib, max(smallest.disk_gib, 20), native_type=smallest.id)
    server = cloud.compute.create(ServerSpec(str(uuid4()), "offered", size, cloud.image))
    assert (server.size.vcpus, server.size.ram_mib) == (smallest.vcpus, smallest.ram_mib)
