"""The image service, composed of one class per noun."""

from dataclasses import dataclass
from pathlib import Path

from stratiform.kit.clock import Clock
from stratiform.kit.database import Database
from stratiform.kit.ids import Ids
from stratiform.kit.notifier import Notifier
from stratiform.kit.public_downloads import parse_networks
from stratiform.services.clouds.service import CloudsService
from stratiform.services.identity.service import IdentityService
from stratiform.services.image.service.image_copies import ImageCopies
from stratiform.services.image.service.image_data import ImageData, ImageFile
from stratiform.services.image.service.image_imports import ImageImports, ImportRequest
from stratiform.services.image.service.image_locations import ImageLocations
from stratiform.services.image.service.image_members import ImageMembers
from stratiform.services.image.service.image_quotas import ImageQuotas
from stratiform.services.image.service.image_records import ImageRecords
from stratiform.services.image.service.image_tags import ImageTags
from stratiform.services.image.service.image_transfers import ImageTransfers
from stratiform.services.image.service.images import Images
from stratiform.services.image.service.location_imports import LocationImports
from stratiform.services.image.service.metadefs import Metadefs
from stratiform.services.image.service.native_images import NativeImages
from stratiform.services.image.service.server_images import ServerImages
from stratiform.services.image.service.stores import Stores
from stratiform.services.image.stores.registry import build_stores
from stratiform.services.image.stores.uploads import ImageDataUpload
from stratiform.services.manifest import ImageSettings

__all__ = ["ImageDataUpload", "ImageFile", "ImageService", "ImportRequest"]


@dataclass(frozen=True, slots=True)
class ImageService:
    """Images and everything that belongs to them."""

    images: Images
    image_members: ImageMembers
    image_tags: ImageTags
    image_data: ImageData
    image_imports: ImageImports
    image_stores: Stores
    image_copies: ImageCopies
    image_locations: ImageLocations
    location_imports: LocationImports
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
        home: Path,
        settings: ImageSettings,
        clock: Clock,
        publishes_notifications: bool = False,
    ) -> "ImageService":
        """Compose the service; `home` has the folder with image data, which is created by the first upload."""
        networks = parse_networks(settings.import_networks)
        stores = build_stores(
            home,
            settings.stores,
            default_id=settings.default_store,
            size_cap=settings.size_cap,
            reserve=settings.reserve,
            networks=networks,
        )
        quotas = ImageQuotas(identity, settings.quotas)
        locations = ImageLocations(stores, quotas, settings.show_image_direct_url, settings.show_multiple_locations)
        records = ImageRecords(Notifier("image", ids, publishes_notifications))
        images = Images(ids, quotas, locations, records)
        image_data = ImageData(database, ids, images, stores, clock, quotas, settings.requires_format_match)
        transfers = ImageTransfers(database, image_data)
        return cls(
            images=images,
            image_members=ImageMembers(images),
            image_tags=ImageTags(records),
            image_data=image_data,
            image_imports=ImageImports(ids, images, image_data, transfers, clock, networks),
            image_stores=Stores(stores, image_data),
            image_copies=ImageCopies(database, ids, clouds, stores, clock, settings.requires_format_match),
            image_locations=locations,
            location_imports=LocationImports(database, ids, image_data, locations, clock, settings.do_secure_hash),
            native_images=NativeImages(images),
            server_images=ServerImages(ids, quotas, records),
            quotas=quotas,
            metadefs=Metadefs.build(ids),
        )
