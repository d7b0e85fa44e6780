"""Almanach's API with a database of its own; the clock starts on 2026-01-02."""

from collections.abc import Iterator

import pytest

from stratiform.kit.clock import parse_iso
from support.almanach import AlmanachClient, almanach_client
from support.stacks import Bench


@pytest.fixture
def client(stack_bench: Bench) -> Iterator[AlmanachClient]:
    stack_bench.clock.at = parse_iso("2026-01-02T00:00:00Z")
    with almanach_client(stack_bench) as client:
        yield client
