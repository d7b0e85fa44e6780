"""Fixtures for tests of the CloudStack connector."""

from pathlib import Path

import pytest

from stratiform.connectors.cloudstack.connector import CloudStackCloud
from support.cloudstack import connect_cloudstack
from support.cloudstack.api_server import ApiServer


@pytest.fixture
def server(cloudstack_server: ApiServer) -> ApiServer:
    """A management server with an advanced zone."""
    return cloudstack_server


@pytest.fixture
def basic_server(basic_cloudstack_server: ApiServer) -> ApiServer:
    """A management server with a basic zone."""
    return basic_cloudstack_server


@pytest.fixture
def cloud(server: ApiServer, home: Path) -> CloudStackCloud:
    """A connection to the advanced zone as a new installation."""
    return connect_cloudstack(server.url, home)


@pytest.fixture
def basic_cloud(basic_server: ApiServer, home: Path) -> CloudStackCloud:
    """A connection to the basic zone as a new installation."""
    return connect_cloudstack(basic_server.url, home)


@pytest.fixture(autouse=True)
def _short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat requests after a moment: the server's jobs take milliseconds."""
    for name in ("_RETRY_INTERVAL_S", "_VISIBILITY_INTERVAL_S"):
        monkeypatch.setattr(f"stratiform.connectors.cloudstack.client.{name}", 0.02)
