"""Fixtures for tests of compute."""

import pytest

from support.servers import ServerBench, with_servers
from support.stacks import Bench


@pytest.fixture
def servers(stack_bench: Bench) -> ServerBench:
    return with_servers(stack_bench)
