"""Fixtures of the tests of proofs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.stacks import ServiceHarness, build_harness


@pytest.fixture
def any_harness(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    """A stack on each kind of database."""
    home.mkdir(parents=True, exist_ok=True)
    stack = build_harness(home, database_url)
    yield stack
    stack.services.database.close()
