"""Fixtures shared by all tests.

Fixtures import what they need when a test uses them, so that a unit test starts without the application and the
clouds' SDKs.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support import watchdog

if TYPE_CHECKING:
    from stratiform.kit.database import Database
    from support.bus import BusNames
    from support.cloudstack.api_server import ApiServer
    from support.databases import DatabasePool
    from support.openstack_cloud import OpenstackCloudUnderTest
    from support.stacks import ServiceHarness
    from support.yandex import YandexServer


#: A certificate authority that signs nothing. Python loads the authorities of the system for each TLS context, also for
#: each connection to MariaDB, which takes 50 ms; no test needs them.
_AUTHORITY = Path(__file__).parent / "support" / "data" / "authority.pem"


def pytest_configure() -> None:
    """Load few certificate authorities, and start the watchdog that ends every process of this run.

    Workers of pytest-xdist belong to their controller.
    """
    os.environ |= {"SSL_CERT_FILE": str(_AUTHORITY), "SSL_CERT_DIR": str(_AUTHORITY.parent / "none")}
    if "PYTEST_XDIST_WORKER" not in os.environ:
        watchdog.start()


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Load the hypothesis profile before a module with property tests is imported; others need no hypothesis."""
    if isinstance(collector, pytest.Module) and b"hypothesis" in collector.path.read_bytes():
        import support.profiles  # noqa: F401 - importing it loads the profile


#: Packages whose tests start programs and take longest, in the order in which they run, before all others: the end of a
#: run on several processes then has only short files.
_LONGEST = ("faults", "app", "docs", "wire")


def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    folder = session.config.rootpath / "tests"
    ranks = {folder / name: rank for rank, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.parent, len(ranks)))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove the plugin of hypothesis if no test used it, because it imports hypothesis to print its summary."""
    if "hypothesis" not in sys.modules:
        session.config.pluginmanager.unregister(name="hypothesispytest")


@pytest.fixture(scope="session")
def database_pool() -> Iterator["DatabasePool"]:
    from support.databases import DatabasePool

    pool = DatabasePool()
    yield pool
    pool.close()


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, database_pool: "DatabasePool", tmp_path: Path) -> Iterator[str]:
    """The URL of a database without rows; runs the test once for each database server that is available.

    On a server all tables exist; `support.databases.create_tables` creates them on SQLite.
    """
    with database_pool.database(request.param, tmp_path) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables; runs the test once for each database server that is available."""
    from support.databases import empty_database

    with empty_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator["Database"]:
    """A database with all tables, without rows."""
    from stratiform.app.database_schema import import_tables
    from stratiform.kit.database import Database
    from support.databases import create_tables

    import_tables()
    database = Database(database_url)
    create_tables(database)
    yield database
    database.close()


@pytest.fixture
def broker() -> Iterator[Any]:
    """A connection to RabbitMQ."""
    from support import bus

    with bus.connect_kombu() as connection:
        yield connection


@pytest.fixture
def names(broker: Any) -> Iterator["BusNames"]:
    """Names of an exchange, a topic and a pool for one test; they are deleted afterwards."""
    from support.bus import BusNames

    names = BusNames(broker)
    yield names
    names.delete()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="session")
def stopped_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was started once and stopped; tests copy it with `support.programs.copy_home`."""
    from support.ports import free_port
    from support.programs import Cli

    cli = Cli(tmp_path_factory.mktemp("stopped") / "home")
    try:
        cli("up", "--detach", "--port", free_port())
    finally:
        cli.stop()
    return cli.home


@pytest.fixture
def service_harness(home: Path) -> Iterator["ServiceHarness"]:
    """All services on SQLite."""
    from support.stacks import build_harness

    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home)
    yield stack
    stack.services.database.close()


@pytest.fixture(scope="session")
def moto_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one moto server for all tests; each test uses its own installation id."""
    from support.moto import moto_server

    with moto_server(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="session")
def strict_moto_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a moto server that rejects every access key."""
    from support.moto import moto_server

    with moto_server(tmp_path_factory.mktemp("moto"), check_keys=True) as url:
        yield url


@pytest.fixture
def cloudstack_server() -> "Iterator[ApiServer]":
    """A CloudStack management server with an advanced zone."""
    from support.cloudstack import cloudstack_server

    with cloudstack_server() as server:
        yield server


@pytest.fixture
def basic_cloudstack_server() -> "Iterator[ApiServer]":
    """A CloudStack management server with a basic zone."""
    from support.cloudstack import cloudstack_server

    with cloudstack_server(is_basic=True) as server:
        yield server


@pytest.fixture
def yandex_server() -> Iterator["YandexServer"]:
    """A Yandex Cloud without resources; tests change its state to inject faults."""
    from support.yandex import yandex_server as run_server

    with run_server() as server:
        yield server


@pytest.fixture(scope="session")
def openstack_url() -> Iterator[str]:
    """The auth URL of the recorded OpenStack, or of the proxy that records a real one (OPENSTACK_RECORD)."""
    from support.openstack import replay_or_record

    with replay_or_record(os.environ.get("OPENSTACK_RECORD", "")) as url:
        yield url


@pytest.fixture(scope="session")
def openstack_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator["OpenstackCloudUnderTest"]:
    """One OpenStack cloud for all tests, a real one with OPENSTACK_LAB; each test uses its own installation id."""
    from support.openstack_cloud import openstack_cloud
    from support.openstack_lab import openstack_lab

    lab = os.environ.get("OPENSTACK_LAB", "")
    with openstack_lab(lab) if lab else openstack_cloud(tmp_path_factory.mktemp("cloud")) as peer:
        yield peer


@pytest.fixture(scope="session")
def prometheus_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one Prometheus for all tests; no test changes it."""
    from support.prometheus import prometheus_server

    with prometheus_server(tmp_path_factory.mktemp("prometheus")) as url:
        yield url
