"""The verbs of volume."""

from dataclasses import dataclass

from stratiform.kit.db import Database
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.image.service import ImageService


@dataclass(frozen=True, slots=True)
class VolumeService:
    """See the package's own page."""

    database: Database
    ids: Ids
    clouds: CloudsService
    images: ImageService
