"""The Compute API over a whole stack: a project `green` with servers, a project `blue` beside it, an operator."""

from collections.abc import Iterator

import pytest

from support.callers import people
from support.nova import Nova
from support.servers import with_servers
from support.stacks import Bench


@pytest.fixture
def nova(stack_bench: Bench) -> Iterator[Nova]:
    with people(stack_bench) as of:
        servers = with_servers(stack_bench, (of.projects["green"], of.projects["blue"]))
        yield Nova(of, servers)
