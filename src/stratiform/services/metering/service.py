"""The verbs of metering."""

from dataclasses import dataclass

from stratiform.kit.db import Database
from stratiform.kit.ids import Ids


@dataclass(frozen=True, slots=True)
class MeteringService:
    """See the package's own page."""

    database: Database
    ids: Ids
