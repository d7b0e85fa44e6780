"""The Identity API in-process, with several users."""

from collections.abc import Iterator

import pytest

from support.callers import People, people
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[People]:
    with people(stack_bench) as clients:
        yield clients
