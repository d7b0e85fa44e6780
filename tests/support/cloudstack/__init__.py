"""A CloudStack API for tests: a management server with its state in memory, and connections to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from stratiform.connectors.cloudstack.connector import CloudStackCloud, connector
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.kit.clock import SystemClock
from support.cloudstack.api_server import ApiServer
from support.cloudstack.catalog import API_KEY, SECRET_KEY, ZONE


@contextmanager
def cloudstack_server(*, is_basic: bool = False) -> Iterator[ApiServer]:
    """Run a management server with one zone, which is basic or advanced."""
    server = ApiServer(is_basic=is_basic)
    try:
        yield server
    finally:
        server.close()


def cloudstack_settings(url: str, **overrides: str) -> dict[str, str]:
    """Return connector settings for the server at `url`."""
    return {"endpoint": url, "api_key": API_KEY, "secret_key": SECRET_KEY, "zone": ZONE, "timeout": "10", **overrides}


def connect_cloudstack(url: str, home: Path, installation: str = "", **overrides: str) -> CloudStackCloud:
    """Connect to the server at `url`, as a new installation unless `installation` is set."""
    account = CloudAccount(id="cloud-1", name="cloudstack-test", settings=cloudstack_settings(url, **overrides))
    return connector.connect(account, Installation(installation or uuid4().hex, home, SystemClock()))
