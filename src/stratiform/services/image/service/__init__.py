"""The image service, composed of one class per noun."""

from dataclasses import dataclass
from pathlib import Path

from stratiform.kit.clock import Clock
from stratiform.kit.database import Database
from stratiform.kit.ids import Ids
from stratiform.kit.public_downloads import parse_networks
from stratiform.services.clouds.service import CloudsService
from stratiform.services.identity.service import IdentityService
from stratiform.services.image.repository.image_data_store import ImageDataStore, ImageDataUpload
from stratiform.services.image.service.image_copies import ImageCopies
from stratiform.services.image.service.image_data import ImageData, ImageFile
from stratiform.services.image.service.image_imports import ImageImports
from stratiform.services.image.service.image_members import ImageMembers
from stratiform.services.image.service.image_quotas import ImageQuotas
from stratiform.services.image.service.image_tags import ImageTags
from stratiform.services.image.service.images import Images
from stratiform.services.image.service.metadefs import Metadefs
from stratiform.services.image.service.native_images import NativeImages
from stratiform.services.image.service.server_images import ServerImages
from stratiform.services.manifest import ImageSettings

__all__ = ["ImageDataUpload", "ImageFile", "ImageService"]


@dataclass(frozen=True, slots=True)
class ImageService:
    """Images and everything that belongs to them."""

    images: Images
    image_members: ImageMembers
    image_tags: ImageTags
    image_data: ImageData
    image_imports: ImageImports
    image_copies: ImageCopies
    native_images: NativeImages
    server_images: ServerImages
    metadefs: Metadefs
    quotas: ImageQuotas

    @classmethod
    def build(
        cls,
        *,
        database: Database,
        ids: Ids,
        clouds: CloudsService,
        identity: IdentityService,
        folder: Path,
        settings: ImageSettings,
        clock: Clock,
    ) -> "ImageService":
        """Compose the service; `folder` stores the image data and is created by the first upload."""
        quotas = ImageQuotas(identity, settings.quotas)
        images, store = Images(ids, quotas), ImageDataStore(folder, settings.size_cap, settings.reserve)
        image_data = ImageData(database, ids, images, store, clock, quotas, settings.requires_format_match)
        networks = parse_networks(settings.import_networks)
        return cls(
            images=images,
            image_members=ImageMembers(images),
            image_tags=ImageTags(),
            image_data=image_data,
            image_imports=ImageImports(database, ids, images, image_data, clock, networks),
            image_copies=ImageCopies(database, ids, clouds, store, clock),
            native_images=NativeImages(images),
            server_images=ServerImages(ids, quotas),
            quotas=quotas,
            metadefs=Metadefs.build(ids),
        )
