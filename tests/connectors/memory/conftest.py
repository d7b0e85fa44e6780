"""A simulated cloud at whose clock the tests turn."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stratiform.connectors.memory.connector import MemoryCloud, connector
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.kit.clock import ManualClock

Connect = Callable[..., MemoryCloud]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def connect(tmp_path: Path, clock: ManualClock) -> Connect:
    """Connects to the one cloud of this test, with the settings given."""

    def connected(**settings: str) -> MemoryCloud:
        return connector.connect(CloudAccount("c1", "memory", settings), Installation("here", tmp_path, clock))

    return connected
