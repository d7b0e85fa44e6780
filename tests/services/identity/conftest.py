"""Identity alone, on SQLite or on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.identity import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(f"sqlite:///{tmp_path / 'identity.db'}", tmp_path) as made:
        yield made


@pytest.fixture
def desk_anywhere(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(database_url, tmp_path) as made:
        yield made
