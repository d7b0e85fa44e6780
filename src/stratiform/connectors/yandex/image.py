"""Image capability of Yandex Cloud: public images, images of the folder, and images of servers and snapshots.

Uploaded images are imported from a bucket of Object Storage, in which the data is deleted afterwards.

Source: Compute Cloud API reference (ImageService).
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from yandex.cloud.compute.v1.image_pb2 import Image
from yandex.cloud.compute.v1.image_service_pb2 import (
    CreateImageMetadata,
    CreateImageRequest,
    DeleteImageRequest,
    GetImageRequest,
)
from yandex.cloud.compute.v1.snapshot_service_pb2 import DeleteSnapshotRequest

from stratiform.connectors.yandex import labels
from stratiform.connectors.yandex.listing import list_images
from stratiform.contract.errors import CloudError, CloudUnreachable, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.image import NativeImage

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client
    from stratiform.connectors.yandex.object_storage.client import BucketClient
    from stratiform.connectors.yandex.operations import Operations

_GIB = 1024**3
_KIND = "image"

_FORMATS = ("qcow2", "raw", "vmdk")


class YandexImageDriver:
    """Implements contract.image.ImageDriver."""

    def __init__(self, client: "Client", operations: "Operations") -> None:
        self._client, self._operations = client, operations

    @cached_property
    def _bucket(self) -> "BucketClient | None":
        if self._client.settings.bucket is None:
            return None
        # Importing boto3 takes 0.3 s and 50 MiB, so it is imported only if an image is uploaded.
        from stratiform.connectors.yandex.object_storage.client import BucketClient

        return BucketClient(self._client.settings.bucket)

    def get(self, image_id: str) -> NativeImage:
        return self._to_image(self._get(image_id))

    def upload(self, token: str, name: str, disk_format: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:
        """Import an image. Raises: CloudUnreachable, to be repeated, if the import takes more than 20 s."""
        bucket, key = self._bucket, f"stratiform/{self._client.installation_id}/{token}"
        image = self._find(token)
        if image is None:
            if bucket is None:
                raise NotSupported(
                    f"image '{name}' cannot be uploaded to Yandex Cloud without a bucket",
                    hint="set a bucket for this cloud, or register an image: stratiform clouds images register",
                )
            if disk_format not in _FORMATS:
                raise RequestRejected(
                    f"Yandex Cloud imports images in the formats {', '.join(_FORMATS)}, not {disk_format}"
                )
            bucket.put(key, size_bytes, data)
            image_id = self._import(bucket, key, token, name)
            image = self._get(image_id)
        if image.status == Image.CREATING:
            raise CloudUnreachable(f"image '{name}' is still being imported to Yandex Cloud")
        if bucket is not None:
            bucket.delete(key)
        if image.status != Image.READY:
            raise RequestRejected(f"Yandex Cloud failed to import image '{name}'")
        return self._to_image(image)

    def delete(self, image_id: str) -> None:
        """Delete an image of a server or snapshot, and its snapshot; those that operators register are kept."""
        try:
            image = self._get(image_id)
            if not labels.get_token(image, self._client.installation_id):
                return
            # The image comes last: only it refers to the snapshot, which a repeated request deletes after a failure.
            self._delete_snapshot(image.labels.get(labels.SNAPSHOT, ""))
            self._operations.run(self._client.images.Delete, DeleteImageRequest(image_id=image_id))
        except NativeNotFound:
            return
        self._operations.record_deletion(image_id)

    def _delete_snapshot(self, snapshot_id: str) -> None:
        if snapshot_id:
            with suppress(NativeNotFound):
                self._operations.run(self._client.snapshots.Delete, DeleteSnapshotRequest(snapshot_id=snapshot_id))

    def ensure(self, token: str, name: str, *, disk_id: str = "", snapshot_id: str = "") -> NativeImage:
        """Create an image of a disk or a snapshot, or return the one with `token`."""
        existing = self._find(token)
        if existing is not None:
            return self._to_image(existing)
        request = self._build_request(token, name, {labels.SNAPSHOT: snapshot_id} if snapshot_id else {})
        if snapshot_id:
            request.snapshot_id = snapshot_id
        else:
            request.disk_id = disk_id
        try:
            image_id, _ = self._operations.create(
                self._client.images.Create, request, CreateImageMetadata(), self._get, token=token
            )
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        return NativeImage(image_id, name, token, is_ready=False)

    def _import(self, bucket: "BucketClient", key: str, token: str, name: str) -> str:
        """Create an image of an object, which is deleted if that fails."""
        request = self._build_request(token, name, {})
        request.uri = bucket.build_url(key)
        try:
            return self._operations.create_and_wait(
                self._client.images.Create, request, CreateImageMetadata(), self._get
            )
        except CloudUnreachable:
            raise
        except CloudError:
            bucket.delete(key)
            raise

    def _build_request(self, token: str, name: str, extra: Mapping[str, str]) -> CreateImageRequest:
        installation_id = self._client.installation_id
        return CreateImageRequest(
            folder_id=self._client.settings.folder_id,
            name=labels.build_name(installation_id, _KIND, token),
            description=labels.build_description(name),
            labels=labels.build_labels(installation_id, {labels.TOKEN: token, **extra}),
        )

    def _find(self, token: str) -> Image | None:
        installation_id = self._client.installation_id
        name = labels.build_name(installation_id, _KIND, token)
        images = (image for page in list_images(self._client, name) for image in page)
        return next((image for image in images if labels.get_token(image, installation_id) == token), None)

    def _get(self, image_id: str) -> Image:
        return self._client.call(self._client.images.Get, GetImageRequest(image_id=image_id))

    def _to_image(self, image: Image) -> NativeImage:
        token = labels.get_token(image, self._client.installation_id)
        return NativeImage(
            id=image.id,
            name=image.description if token else image.name,
            token=token,
            min_disk_gib=-(-image.min_disk_size // _GIB),
            size_bytes=image.storage_size,
            is_ready=image.status == Image.READY,
        )
