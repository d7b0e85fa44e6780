"""Fixtures of the tests of proofs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.stacks import Bench, bench


@pytest.fixture
def any_bench(database_url: str, home: Path) -> Iterator[Bench]:
    """A stack on each kind of database."""
    home.mkdir(parents=True, exist_ok=True)
    stack = bench(home, database_url)
    yield stack
    stack.services.database.close()
