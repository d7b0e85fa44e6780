"""Almanach's API over a stack of its own, on the second of January 2026."""

from collections.abc import Iterator

import pytest

from stratiform.kit.clock import parse_iso
from support.almanach import Api, almanach
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Api]:
    stack_bench.clock.at = parse_iso("2026-01-02T00:00:00Z")
    with almanach(stack_bench) as made:
        yield made
