"""The recorded notifications, and a ledger as `stratiform usage list --format json` prints it."""

import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from stratiform.interfaces.cli.output import encode_json_array
from stratiform.interfaces.rest.views.usage import segment_row
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.service import LedgerService

DATA = Path(__file__).parents[1] / "data"


@cache
def recorded() -> tuple[bytes, ...]:
    """The 1,096 lines, in order of arrival."""
    return tuple(lzma.decompress((DATA / "notifications.jsonl.xz").read_bytes()).splitlines())


def expected() -> str:
    """What they must give."""
    return (DATA / "notifications.usage.json").read_text()


def listing(ledger: LedgerService, db: Connection) -> str:
    return "".join(encode_json_array(_iterate_rows(ledger, db)))


def _iterate_rows(ledger: LedgerService, db: Connection) -> Iterator[dict[str, Any]]:
    rows, after = ledger.segments.list_after(db, UsageFilter(), 5000)
    while True:
        yield from msgspec.json.decode(msgspec.json.encode([segment_row(row) for row in rows]))
        if after is None:
            return
        rows, after = ledger.segments.list_after(db, UsageFilter(), 5000, after)
