"""The verbs of network."""

from dataclasses import dataclass

from stratiform.kit.db import Database
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService


@dataclass(frozen=True, slots=True)
class NetworkService:
    """See the package's own page."""

    database: Database
    ids: Ids
    clouds: CloudsService
