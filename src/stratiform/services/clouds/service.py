"""The verbs of clouds."""

from dataclasses import dataclass

from stratiform.contract.connector import Place
from stratiform.kit.crypto import Keys
from stratiform.kit.db import Database
from stratiform.kit.ids import Ids


@dataclass(frozen=True, slots=True)
class CloudsService:
    """See the package's own page."""

    database: Database
    ids: Ids
    secrets: Keys
    place: Place
