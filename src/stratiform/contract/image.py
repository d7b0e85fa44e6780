"""Image capability: images in a cloud."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NativeImage:
    """An image as reported by its cloud. `token` is our image's id if we uploaded it, or created it of a server."""

    id: str
    name: str
    token: str = ""
    min_disk_gib: int = 0
    size_bytes: int = 0  # 0 if it is unknown
    is_ready: bool = True


class ImageDriver(Protocol):
    """Operations on images. All are idempotent and raise errors of `contract.errors`."""

    def get(self, image_id: str) -> NativeImage:
        """Return an image by its native id, ours or the cloud's own. Raises: NativeNotFound."""

    def upload(self, token: str, name: str, disk_format: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:
        """Create an image from `data`, or return the one with `token`.

        Raises: NotSupported if the cloud accepts only its own images, RequestRejected (format or size).
        """

    def delete(self, image_id: str) -> None:
        """Delete an image created by `upload`, or of a server; succeeds if it does not exist."""
