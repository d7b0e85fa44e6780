"""Almanach's API with a database of its own; the clock starts on 2026-01-02."""

from collections.abc import Iterator

import pytest

from stratiform.kit.clock import parse_iso
from support.almanach import AlmanachClient, almanach_client
from support.stacks import ServiceHarness


@pytest.fixture
def client(service_harness: ServiceHarness) -> Iterator[AlmanachClient]:
    service_harness.clock.at = parse_iso("2026-01-02T00:00:00Z")
    with almanach_client(service_harness) as client:
        yield client
