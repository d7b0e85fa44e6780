"""Images."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NativeImage:
    """An image as its cloud shows it. `token` is our image's id where we made it."""

    id: str
    name: str
    token: str = ""
    min_disk_gib: int = 0


class Images(Protocol):
    """Verbs on images."""

    def show(self, image_id: str) -> NativeImage:
        """Raises Gone. Asked when an operator registers a native image, so that a wrong id is told at once."""

    def upload(self, token: str, name: str, disk_format: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:
        """Make an image of `data`, or return the one that carries `token`. Raises NotSupported where only
        the cloud's own images can be used."""

    def delete(self, image_id: str) -> None:
        """Also where it is gone already. Only images that `upload` made."""
