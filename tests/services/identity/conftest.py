"""An identity service on SQLite, or on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.identity import IdentityHarness, open_harness


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[IdentityHarness]:
    with open_harness(f"sqlite:///{tmp_path / 'identity.db'}", tmp_path) as opened:
        yield opened


@pytest.fixture
def harness_on_any_database(database_url: str, tmp_path: Path) -> Iterator[IdentityHarness]:
    with open_harness(database_url, tmp_path) as opened:
        yield opened
