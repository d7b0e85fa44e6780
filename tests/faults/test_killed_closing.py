"""A process is killed at a write of a closing: the period is closed as a whole, or not at all."""

import os
import signal
from typing import Any

import pytest
from sqlalchemy import event

from stratiform.kit.pagination import Page
from support.billing import BillingHarness, billing_harness
from support.money import machine
from support.stacks import ServiceHarness

pytestmark = pytest.mark.thorough


@pytest.fixture
def billing(service_harness: ServiceHarness) -> BillingHarness:
    """Billing on SQLite with usage of November."""
    billing = billing_harness(service_harness)
    billing.ingest(machine("m1", "p1", "2026-11-10"))
    return billing.at("2026-12-02")


def close_in_a_child(billing: BillingHarness, writes: int) -> bool:
    """Close November in a process that is killed before its write number `writes`. Return True if it was not."""
    database = billing.stack.services.database
    database.close()  # a connection must not be used in two processes
    pid = os.fork()
    if pid == 0:
        remaining = writes

        def kill(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            nonlocal remaining
            if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "WITH", "BEGIN")):
                remaining -= 1
                if remaining == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            event.listen(database.engine, "before_cursor_execute", kill)
            event.listen(database.engine, "commit", lambda _connection: kill(None, None, "COMMIT"))
            billing.close("acme", "2026-11")
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return not os.WIFSIGNALED(status)


def count_documents(billing: BillingHarness) -> tuple[int, int]:
    """Return the number of documents and of closed periods."""
    documents = billing.run(lambda service, ctx: service.documents.list(ctx, Page()).items)
    return len(documents), len(billing.run(lambda service, ctx: service.periods.list(ctx, "acme")))


def test_a_killed_closing_leaves_nothing_and_can_be_repeated(billing: BillingHarness) -> None:
    writes = 1
    while not close_in_a_child(billing, writes):
        assert count_documents(billing) == (0, 0), f"killed at write {writes}"
        writes += 1
    assert writes > 3, "a closing writes at least a period, an invoice and its number"
    assert count_documents(billing) == (1, 1)
    assert billing.close("acme", "2026-11").number == "2026-000001"
    assert count_documents(billing) == (1, 1)
