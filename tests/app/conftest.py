"""What tests of the collector need."""

from collections.abc import Iterator
from typing import Any

import pytest

from support import bus


@pytest.fixture
def broker() -> Iterator[Any]:
    """A connection to RabbitMQ."""
    with bus.connected() as connection:
        yield connection


@pytest.fixture
def names(broker: Any) -> Iterator[bus.Names]:
    """Exchange, topic and pool of this test's own."""
    made = bus.Names(broker)
    yield made
    made.remove()
