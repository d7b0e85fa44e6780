"""Harnesses for the volume service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.stacks import ServiceHarness, build_harness
from support.volumes import VolumeHarness, with_cloud


@pytest.fixture
def volumes(service_harness: ServiceHarness) -> VolumeHarness:
    return with_cloud(service_harness)


@pytest.fixture
def volumes_on(database_url: str, home: Path) -> Iterator[VolumeHarness]:
    """The service on each supported database."""
    home.mkdir()
    created = build_harness(home, database_url)
    try:
        yield with_cloud(created)
    finally:
        created.services.database.close()
