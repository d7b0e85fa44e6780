"""Quotas hold for concurrent requests, on SQLite, PostgreSQL and MariaDB."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from stratiform.services.compute.errors import QuotaExceeded
from support.servers import ServerHarness, with_servers
from support.stacks import build_harness

_LIMIT, _REQUESTS = 3, 8


@pytest.fixture
def servers(home: Path, database_url: str) -> Iterator[ServerHarness]:
    home.mkdir(parents=True)
    stack = build_harness(home, database_url, quota_instances=_LIMIT)
    yield with_servers(stack)
    stack.services.database.close()


def test_concurrent_requests_do_not_exceed_a_quota(servers: ServerHarness) -> None:
    def create(_number: int) -> bool:
        try:
            servers.create()
        except QuotaExceeded:
            return False
        return True

    with ThreadPoolExecutor(_REQUESTS) as pool:
        created = list(pool.map(create, range(_REQUESTS)))
    assert created.count(True) == _LIMIT
    assert len(servers.rows()) == _LIMIT


def test_refused_requests_of_a_new_project_do_not_deadlock(servers: ServerHarness) -> None:
    """Every request rolls back, also the one that creates the project's lock row while the others wait for it."""
    barrier = Barrier(_REQUESTS)

    def create(_number: int) -> type[Exception] | None:
        barrier.wait()
        try:
            servers.create(min_count=_LIMIT + 1, max_count=_LIMIT + 1)
        except Exception as error:
            return type(error)
        return None

    with ThreadPoolExecutor(_REQUESTS) as pool:
        assert list(pool.map(create, range(_REQUESTS))) == [QuotaExceeded] * _REQUESTS
