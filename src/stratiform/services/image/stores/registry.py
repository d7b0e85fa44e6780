"""All stores of an installation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stratiform.kit.errors import Invalid
from stratiform.kit.public_downloads import Network, is_http_url
from stratiform.services.image.errors import ImageDataNotFound, StoreUnavailable, UnknownStore
from stratiform.services.image.model import LOCAL_STORE, ImageLocation, StoreSettings
from stratiform.services.image.stores.files import FileStore
from stratiform.services.image.stores.http import HttpStore
from stratiform.services.image.stores.model import DataStore
from stratiform.services.image.stores.s3 import S3Store
from stratiform.services.image.stores.uploads import ImageDataUpload

#: The length of the keys of the work queue, where deletions of data are enqueued.
_MAX_KEY_LENGTH = 128

_DESCRIPTION = "Directory with the image data of this installation."


@dataclass(frozen=True, slots=True)
class ImageStores:
    """The stores by id; the first one is `local`, where data is staged. `size_cap`: the limit of an image in bytes."""

    stores: dict[str, DataStore]
    local: FileStore
    default_id: str
    size_cap: int

    def get(self, store_id: str) -> DataStore:
        """Raises UnknownStore."""
        if store_id not in self.stores:
            raise UnknownStore(store_id)
        return self.stores[store_id]

    def list_writable(self) -> Sequence[DataStore]:
        return [store for store in self.stores.values() if not store.is_read_only]

    def find_http(self) -> DataStore | None:
        """Return the store for addresses of web servers, or None if the settings have none."""
        return next((store for store in self.stores.values() if store.kind == "http"), None)

    def find_location(self, url: str) -> ImageLocation | None:
        """Return where existing data is, by its address, or None if no store has it. Paths of files are refused."""
        if is_http_url(url):
            web = self.find_http()
            return None if web is None else ImageLocation(web.id, url)
        for store in self.stores.values():
            name = url.removeprefix(store.build_url("")) if store.kind == "s3" else url
            is_valid = name not in ("", url) and "://" not in name
            if is_valid and len(f"{store.id}/{name}") <= _MAX_KEY_LENGTH:
                return ImageLocation(store.id, name)
        return None

    def open_upload(self, image_id: str, upload_id: str, store_id: str = "") -> ImageDataUpload:
        """Return an upload; the store is untouched until the first write. Raises UnknownStore, StoreReadOnly."""
        store = self.get(store_id or self.default_id)
        return ImageDataUpload(image_id, upload_id, store, self.local, self.size_cap)

    def sort(self, locations: Sequence[ImageLocation]) -> list[ImageLocation]:
        """Return locations in the order in which they are read: by the weight of their store."""
        return sorted(locations, key=lambda location: -self._get_weight(location.store))

    def locate(self, locations: Sequence[ImageLocation], image_id: str) -> tuple[DataStore, str]:
        """Return the first store that has the data, and its name there.

        Raises: ImageDataNotFound, StoreUnavailable if none has it and some are unreachable.
        """
        unreachable: StoreUnavailable | None = None
        for location in self.sort(locations):
            store = self.stores.get(location.store)
            try:
                if store is not None and store.exists(location.name):
                    return store, location.name
            except StoreUnavailable as error:
                unreachable = error
        if unreachable is not None:
            raise unreachable
        raise ImageDataNotFound(image_id)

    def read_blocks(self, locations: Sequence[ImageLocation], image_id: str) -> Iterator[bytes]:
        """Yield the data of an image. Raises ImageDataNotFound, StoreUnavailable."""
        store, name = self.locate(locations, image_id)
        yield from store.read_blocks(name)

    def _get_weight(self, store_id: str) -> int:
        return self.stores[store_id].weight if store_id in self.stores else 0


def build_stores(
    home: Path,
    settings: Sequence[StoreSettings],
    *,
    default_id: str = LOCAL_STORE,
    size_cap: int = 2**40,
    reserve: int = 0,
    networks: Sequence[Network] = (),
) -> ImageStores:
    """Return the stores of the settings, and the local one. Raises: Invalid."""
    local = FileStore(LOCAL_STORE, home / "images", reserve, _DESCRIPTION)
    stores: dict[str, DataStore] = {LOCAL_STORE: local}
    for item in settings:
        if item.id == LOCAL_STORE:
            local = _override_local(local, item, home)
            stores[LOCAL_STORE] = local
        elif item.id in stores:
            raise Invalid(f"image_stores: duplicate id '{item.id}'")
        else:
            stores[item.id] = _build_store(item, home, reserve, networks)
    if default_id not in stores or stores[default_id].is_read_only:
        raise Invalid(f"image_default_store: '{default_id}' is not one of the stores to which data can be written")
    return ImageStores(stores, local, default_id, size_cap)


def _override_local(local: FileStore, item: StoreSettings, home: Path) -> FileStore:
    if item.kind != "file":
        raise Invalid(f"image_stores: the store '{LOCAL_STORE}' must be of kind 'file', not '{item.kind}'")
    folder = home / item.folder if item.folder else local.folder
    return replace(local, folder=folder, description=item.description or local.description, weight=item.weight)


def _build_store(item: StoreSettings, home: Path, reserve: int, networks: Sequence[Network]) -> DataStore:
    """Raises Invalid."""
    match item.kind:
        case "file":
            if not item.folder or home / item.folder == home / "images":
                raise Invalid(f"image store '{item.id}': `folder` must be set, and differ from that of other stores")
            return FileStore(item.id, home / item.folder, reserve, item.description, item.weight)
        case "s3":
            if not item.bucket:
                raise Invalid(f"image store '{item.id}': `bucket` must be set")
            if bool(item.access_key) != bool(item.secret_key):
                raise Invalid(f"image store '{item.id}': `access_key` and `secret_key` must be set together")
            return S3Store(item)
        case "http":
            return HttpStore(item.id, networks, item.description, item.weight)
        case "swift":
            raise Invalid(
                f"image store '{item.id}': kind 'swift' is not supported",
                hint="use kind 's3' with the address of Swift's S3 API (the middleware s3api)",
            )
    raise Invalid(f"image store '{item.id}': kind '{item.kind}' is not one of file, s3, http")
