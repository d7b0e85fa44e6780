"""Image capability of OpenStack: images of Glance.

An image has our token as a property. Its id cannot be the idempotency token: Glance does not accept the id of a
deleted image again.

Source: Image API v2, "Images", "Image data".
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from stratiform.connectors.openstack import tags
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, RequestRejected
from stratiform.contract.image import NativeImage

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

#: Glance copies the data to its store before it responds.
_UPLOAD_TIMEOUT_S = 3600

_CONTENT = {"Content-Type": "application/octet-stream"}
_ROOT_DEVICE = "/dev/vda"


class Image(msgspec.Struct, frozen=True):
    """An image. `block_devices` is JSON if its data is a snapshot of a volume."""

    id: str
    status: str
    name: str | None = None
    min_disk: int | None = 0
    size: int | None = None
    created_at: str = ""
    token: str = msgspec.field(name=tags.TOKEN, default="")
    installation: str = msgspec.field(name=tags.INSTALLATION, default="")
    block_devices: str = msgspec.field(name="block_device_mapping", default="")


class OpenstackImageDriver:
    """Implements contract.image.ImageDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def get(self, image_id: str) -> NativeImage:
        image = self._get(image_id)
        if image.status in ("deleted", "pending_delete"):
            raise NativeNotFound(f"image {image_id} is deleted")
        return _to_image(self._client, image)

    def upload(self, token: str, name: str, disk_format: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:
        """Use an image again that has no data yet. One with incomplete data is deleted."""
        with self._client.lock(token):
            for image in _list_images(self._client, token):
                if image.status == "active" and image.size == size_bytes:
                    return _to_image(self._client, image)
                if image.status != "queued":
                    self._delete(image.id)
                    continue
                return self._upload_data(image.id, size_bytes, data)
            properties = {"name": name, "disk_format": disk_format, "container_format": "bare"}
            return self._upload_data(create_image(self._client, token, properties), size_bytes, data)

    def delete(self, image_id: str) -> None:
        """Delete an image of ours, and the snapshot that contains its data."""
        try:
            image = self._get(image_id)
        except NativeNotFound:
            return
        if not _is_ours(self._client, image):
            raise RequestRejected(f"image {image_id} was not created by this installation and cannot be deleted")
        # The image comes last: only it refers to the snapshot, which a repeated request deletes after a failure.
        for snapshot_id in _list_snapshot_ids(image):
            self._delete_snapshot(snapshot_id)
        self._delete(image_id)

    def _get(self, image_id: str) -> Image:
        return self._client.fetch("image", f"/images/{image_id}", "", Image)

    def _upload_data(self, image_id: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:
        try:
            self._client.request(
                "image",
                "PUT",
                f"/images/{image_id}/file",
                data=_check_size(data, size_bytes),
                headers=_CONTENT,
                timeout=_UPLOAD_TIMEOUT_S,
            )
        except CloudUnreachable:
            raise
        except Exception:
            self._delete(image_id)
            raise
        image = self.get(image_id)
        if image.is_ready and image.size_bytes != size_bytes:
            self._delete(image_id)
            raise CloudUnreachable(f"the cloud stored {image.size_bytes} of {size_bytes} bytes of image {image_id}")
        return image

    def _delete(self, image_id: str) -> None:
        try:
            self._client.request("image", "DELETE", f"/images/{image_id}")
        except NativeNotFound:
            return

    def _delete_snapshot(self, snapshot_id: str) -> None:
        path = f"/snapshots/{snapshot_id}"
        try:
            self._client.request("block-storage", "DELETE", path)
            message = f"snapshot {snapshot_id} of the image is not deleted yet"
            self._client.read_until(
                lambda: self._client.request("block-storage", "GET", path), lambda _: False, message
            )
        except NativeNotFound:
            return


def create_image(client: "Client", token: str, properties: dict[str, Any]) -> str:
    """Create an image without data, and return its id."""
    body = {**tags.build_metadata(client.installation_id, token, properties), "visibility": "private"}
    return client.decode("image", client.request("image", "POST", "/images", body), "id", str)


def create_snapshot_image(client: "Client", token: str, name: str, snapshot_id: str, size_gib: int) -> NativeImage:
    """Create an image whose data is a snapshot of a volume, as Nova does for servers that boot from a volume.

    The image's own data is empty. Returns the image with the token if it exists.
    """
    with client.lock(token):
        existing = next(iter(_list_images(client, token)), None)
        if existing is None:
            device = {
                "boot_index": 0,
                "source_type": "snapshot",
                "destination_type": "volume",
                "snapshot_id": snapshot_id,
                "volume_size": size_gib,
                "device_name": _ROOT_DEVICE,
                "delete_on_termination": True,
            }
            properties = {
                "name": name,
                "disk_format": "raw",
                "container_format": "bare",
                "min_disk": size_gib,
                "bdm_v2": "True",
                "root_device_name": _ROOT_DEVICE,
                "block_device_mapping": json.dumps([device]),
            }
            image_id = create_image(client, token, properties)
        else:
            image_id = existing.id
        if existing is None or existing.status == "queued":
            client.request("image", "PUT", f"/images/{image_id}/file", data=b"", headers=_CONTENT)
    return NativeImage(image_id, name, token, min_disk_gib=size_gib)


def find_image(client: "Client", token: str) -> NativeImage | None:
    """Return the oldest image with a token, or None. Raises: RequestRejected if its creation failed."""
    images = _list_images(client, token)
    if images and images[0].status in ("killed", "deleted"):
        raise RequestRejected(f"the cloud failed to create image {images[0].id}")
    return _to_image(client, images[0]) if images else None


def _list_images(client: "Client", token: str) -> list[Image]:
    """Return the images with a token, oldest first."""
    images = client.list_items(
        "image", "/images", "images", Image, {tags.TOKEN: token, "owner": client.get_project_id()}
    )
    ours = [image for image in images if image.token == token and _is_ours(client, image)]
    return sorted(ours, key=lambda image: (image.created_at, image.id))


def _is_ours(client: "Client", image: Image) -> bool:
    return bool(image.token) and image.installation == client.installation_id


def _to_image(client: "Client", image: Image) -> NativeImage:
    return NativeImage(
        id=image.id,
        name=image.name or image.id,
        token=image.token if _is_ours(client, image) else "",
        min_disk_gib=image.min_disk or 0,
        size_bytes=image.size or 0,
        is_ready=image.status == "active",
    )


def _list_snapshot_ids(image: Image) -> list[str]:
    devices = json.loads(image.block_devices) if image.block_devices else []
    return [device["snapshot_id"] for device in devices if device.get("snapshot_id")]


def _check_size(data: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    """Pass on the data. Raises: RequestRejected at its end if the size differs, so that the upload fails."""
    received = 0
    for chunk in data:
        received += len(chunk)
        yield chunk
    if received != size_bytes:
        raise RequestRejected(f"the image has {received} bytes, expected {size_bytes}")
