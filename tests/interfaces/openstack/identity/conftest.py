"""The Identity API in-process, with several users."""

from collections.abc import Iterator

import pytest

from support.callers import Callers, open_callers
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Callers]:
    with open_callers(service_harness) as clients:
        yield clients
