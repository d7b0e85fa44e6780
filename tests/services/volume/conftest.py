"""Benches for the volume service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.databases import fresh_database
from support.stacks import Bench, bench
from support.volumes import VolumeBench, with_cloud


@pytest.fixture
def volumes(stack_bench: Bench) -> VolumeBench:
    return with_cloud(stack_bench)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def volumes_on(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VolumeBench]:
    """The service on each supported database."""
    (tmp_path / "home").mkdir()
    with fresh_database(request.param, tmp_path) as url:
        created = bench(tmp_path / "home", url)
        try:
            yield with_cloud(created)
        finally:
            created.services.database.close()
