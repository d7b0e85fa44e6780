"""The verbs of compute."""

from dataclasses import dataclass

from stratiform.kit.db import Database
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.image.service import ImageService
from stratiform.services.network.service import NetworkService
from stratiform.services.volume.service import VolumeService


@dataclass(frozen=True, slots=True)
class ComputeService:
    """See the package's own page."""

    database: Database
    ids: Ids
    clouds: CloudsService
    networks: NetworkService
    images: ImageService
    volumes: VolumeService
