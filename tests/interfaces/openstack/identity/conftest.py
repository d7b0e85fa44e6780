"""The Identity API in-process, asked by several people."""

from collections.abc import Iterator

import pytest

from support.callers import People, people
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[People]:
    with people(stack_bench) as made:
        yield made
