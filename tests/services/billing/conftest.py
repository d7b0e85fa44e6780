"""Billing on SQLite, and on every database. Imports are lazy, so that tests of pure functions start fast."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.billing import BillingHarness
    from support.stacks import ServiceHarness


@pytest.fixture
def billing(service_harness: "ServiceHarness") -> "BillingHarness":
    """Billing with the customer account "acme" on SQLite."""
    from support.billing import billing_harness

    return billing_harness(service_harness)


@pytest.fixture
def any_billing(database_url: str, home: Path) -> Iterator["BillingHarness"]:
    """Billing with the customer account "acme", on each database."""
    from support.billing import billing_harness
    from support.stacks import build_harness

    home.mkdir()
    stack = build_harness(home, database_url)
    yield billing_harness(stack)
    stack.services.database.close()
