"""The recorded notifications, and a ledger as `stratiform usage list --format json` prints it."""

import lzma
from functools import cache
from pathlib import Path

from stratiform.faces.cli.listing import json_array
from stratiform.faces.rest.usage import segment_view
from stratiform.kit.db import Connection
from stratiform.services.metering.service import MeteringService

DATA = Path(__file__).parents[1] / "data"


@cache
def recorded() -> tuple[bytes, ...]:
    """The 1,096 lines, in order of arrival."""
    return tuple(lzma.decompress((DATA / "notifications.jsonl.xz").read_bytes()).splitlines())


def expected() -> str:
    """What they must give."""
    return (DATA / "notifications.usage.json").read_text()


def listing(metering: MeteringService, db: Connection) -> str:
    return "".join(json_array(segment_view(segment) for segment in metering.segments(db)))
