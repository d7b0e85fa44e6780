"""The EC2 API with two projects, each with a member and a reader, and an operator."""

from collections.abc import Iterator

import pytest

from support.callers import open_callers
from support.compute_api import ComputeApi
from support.ec2 import Ec2Api, create_credentials
from support.servers import with_servers
from support.stacks import ServiceHarness


@pytest.fixture
def compute(service_harness: ServiceHarness) -> Iterator[ComputeApi]:
    with open_callers(service_harness) as callers:
        servers = with_servers(service_harness, (callers.projects["green"], callers.projects["blue"]))
        yield ComputeApi(callers, servers)


@pytest.fixture
def ec2(compute: ComputeApi) -> Ec2Api:
    return create_credentials(compute.callers, "green", "green-reader", "blue")
