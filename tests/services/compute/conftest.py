"""Fixtures for tests of compute."""

import pytest

from support.servers import ServerHarness, with_servers
from support.stacks import ServiceHarness


@pytest.fixture
def servers(service_harness: ServiceHarness) -> ServerHarness:
    return with_servers(service_harness)
