"""Billing on SQLite, and on every database. Imports are lazy, so that tests of pure functions start fast."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.billing import BillingBench
    from support.stacks import Bench


@pytest.fixture
def billing(stack_bench: "Bench") -> "BillingBench":
    """Billing with the customer account "acme" on SQLite."""
    from support.billing import billing_bench

    return billing_bench(stack_bench)


@pytest.fixture
def any_billing(database_url: str, home: Path) -> Iterator["BillingBench"]:
    """Billing with the customer account "acme", on each database."""
    from support.billing import billing_bench
    from support.stacks import bench

    home.mkdir()
    stack = bench(home, database_url)
    yield billing_bench(stack)
    stack.services.database.close()
