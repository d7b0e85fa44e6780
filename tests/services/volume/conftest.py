"""Benches for the volume service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.stacks import Bench, bench
from support.volumes import VolumeBench, with_cloud


@pytest.fixture
def volumes(stack_bench: Bench) -> VolumeBench:
    return with_cloud(stack_bench)


@pytest.fixture
def volumes_on(database_url: str, home: Path) -> Iterator[VolumeBench]:
    """The service on each supported database."""
    home.mkdir()
    created = bench(home, database_url)
    try:
        yield with_cloud(created)
    finally:
        created.services.database.close()
