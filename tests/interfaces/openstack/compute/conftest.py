"""The Compute API with two projects: requests are made for `green`; `blue` is another project."""

from collections.abc import Iterator

import pytest

from support.callers import open_callers
from support.compute_api import ComputeApi
from support.servers import with_servers
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[ComputeApi]:
    with open_callers(stack_bench) as callers:
        servers = with_servers(stack_bench, (callers.projects["green"], callers.projects["blue"]))
        yield ComputeApi(callers, servers)
