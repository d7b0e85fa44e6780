"""Fixtures for tests of the simulated cloud: a manual clock, and connections to one cloud."""

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
    """Return a function that connects to the cloud of this test with the specified settings."""

    def connect_with(**settings: str) -> MemoryCloud:
        account = CloudAccount("c1", "memory", settings)
        return connector.connect(account, Installation("installation-1", tmp_path, clock))

    return connect_with
