"""Image capability of Yandex Cloud: public images, images of the folder, and images of servers and snapshots.

Source: Compute Cloud API reference (ImageService).
"""

from collections.abc import Iterator
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
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.image import NativeImage

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client
    from stratiform.connectors.yandex.operations import Operations

_GIB = 1024**3
_KIND = "image"


class YandexImageDriver:
    """Implements contract.image.ImageDriver; uploads are not supported."""

    def __init__(self, client: "Client", operations: "Operations") -> None:
        self._client, self._operations = client, operations

    def get(self, image_id: str) -> NativeImage:
        return self._to_image(self._get(image_id))

    def upload(self, token: str, name: str, disk_format: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:  # noqa: ARG002 - the contract's signature
        raise NotSupported(
            f"image '{name}' cannot be uploaded to Yandex Cloud, which supports only registered images",
            hint="register an image of Yandex Cloud: stratiform clouds images register --native ID",
        )

    def delete(self, image_id: str) -> None:
        """Delete an image of a server or snapshot, and its snapshot; those that operators register are kept."""
        try:
            image = self._get(image_id)
            if not labels.get_token(image, self._client.installation_id):
                return
            self._operations.run(self._client.images.Delete, DeleteImageRequest(image_id=image_id))
        except NativeNotFound:
            return
        self._operations.record_deletion(image_id)
        snapshot_id = image.labels.get(labels.SNAPSHOT, "")
        if snapshot_id:
            try:
                self._operations.run(self._client.snapshots.Delete, DeleteSnapshotRequest(snapshot_id=snapshot_id))
            except NativeNotFound:
                return

    def ensure(self, token: str, name: str, *, disk_id: str = "", snapshot_id: str = "") -> NativeImage:
        """Create an image of a disk or a snapshot, or return the one with `token`."""
        existing = self._find(token)
        if existing is not None:
            return existing
        installation_id = self._client.installation_id
        source = {labels.SNAPSHOT: snapshot_id} if snapshot_id else {}
        request = CreateImageRequest(
            folder_id=self._client.settings.folder_id,
            name=labels.build_name(installation_id, _KIND, token),
            description=labels.build_description(name),
            labels=labels.build_labels(installation_id, {labels.TOKEN: token, **source}),
        )
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

    def _find(self, token: str) -> NativeImage | None:
        installation_id = self._client.installation_id
        name = labels.build_name(installation_id, _KIND, token)
        images = (image for page in list_images(self._client, name) for image in page)
        return next((self._to_image(item) for item in images if labels.get_token(item, installation_id) == token), None)

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
