"""The Identity API in-process, with several users."""

from collections.abc import Iterator

import pytest

from support.callers import Callers, open_callers
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Callers]:
    with open_callers(stack_bench) as clients:
        yield clients
