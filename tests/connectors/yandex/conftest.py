"""Fixtures for tests of the connector for Yandex Cloud."""

from pathlib import Path

import pytest

from stratiform.connectors.yandex.connector import YandexCloud
from stratiform.contract.compute import ComputeDriver
from stratiform.contract.network import NetworkDriver
from stratiform.contract.routing import RoutingDriver
from stratiform.contract.volume import VolumeDriver
from support.yandex import YandexServer


@pytest.fixture
def yandex(yandex_server: YandexServer, home: Path) -> YandexCloud:
    """A connection to the test server as a new installation."""
    return yandex_server.connect(home, "installation")


@pytest.fixture
def compute(yandex: YandexCloud) -> ComputeDriver:
    assert yandex.compute is not None
    return yandex.compute


@pytest.fixture
def volume(yandex: YandexCloud) -> VolumeDriver:
    assert yandex.volume is not None
    return yandex.volume


@pytest.fixture
def network(yandex: YandexCloud) -> NetworkDriver:
    assert yandex.network is not None
    return yandex.network


@pytest.fixture
def routing(yandex: YandexCloud) -> RoutingDriver:
    assert yandex.routing is not None
    return yandex.routing


@pytest.fixture(autouse=True)
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat requests without a response at once."""
    monkeypatch.setattr("stratiform.connectors.yandex.client._FIRST_DELAY_S", 0)
