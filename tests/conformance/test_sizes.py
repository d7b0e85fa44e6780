"""Conformance to contract.sizes."""

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.sizes import SizesDriver, find_sizes_driver


@pytest.fixture
def sizes(cloud: CloudUnderTest) -> SizesDriver:
    driver = find_sizes_driver(cloud.connection)
    if driver is None:
        pytest.skip("the connector does not list sizes")
    return driver


def test_sizes_are_unique_and_complete(sizes: SizesDriver) -> None:
    listed = list(sizes.list())
    assert listed
    assert len({size.native_type for size in listed}) == len(listed)
    for size in listed:
        assert size.native_type
        assert size.vcpus > 0
        assert size.ram_mib > 0
        assert size.disk_gib >= 0
    assert list(sizes.list()) == listed
