"""The verbs of image."""

from dataclasses import dataclass
from pathlib import Path

from stratiform.kit.db import Database
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService


@dataclass(frozen=True, slots=True)
class ImageService:
    """See the package's own page."""

    database: Database
    ids: Ids
    clouds: CloudsService
    folder: Path
