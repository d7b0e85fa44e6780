"""The Image API in-process, asked by several people."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.people import People, people
from support.stacks import Bench

IMAGES = "/image/v2/images"


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[People]:
    with people(stack_bench) as made:
        yield made


@pytest.fixture
def image(api: People) -> dict[str, Any]:
    """An image of green's that waits for its bytes."""
    body = {"name": "a", "disk_format": "raw", "container_format": "bare"}
    return dict(api.ok("POST", IMAGES, json=body))
