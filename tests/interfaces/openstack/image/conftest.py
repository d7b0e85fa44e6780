"""The Image API in-process."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.callers import Callers, open_callers
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Callers]:
    with open_callers(service_harness) as api:
        yield api


@pytest.fixture
def image(api: Callers) -> dict[str, Any]:
    """An image of project green without data."""
    body = {"name": "a", "disk_format": "raw", "container_format": "bare"}
    return dict(api.ok("POST", "/image/v2/images", json=body))
