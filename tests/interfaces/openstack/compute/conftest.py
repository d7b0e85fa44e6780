"""The Compute API with two projects: requests are made for `green`; `blue` is another project."""

from collections.abc import Iterator

import pytest

from support.callers import open_callers
from support.compute_api import ComputeApi
from support.servers import with_servers
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[ComputeApi]:
    with open_callers(service_harness) as callers:
        servers = with_servers(service_harness, (callers.projects["green"], callers.projects["blue"]))
        yield ComputeApi(callers, servers)
