"""Inspection of the format of image data. Source: glance/location.py; OpenStack security advisory OSSA-2024-001."""

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, cast

from stratiform.services.image.errors import InvalidImageData
from stratiform.services.image.model import Image

if TYPE_CHECKING:
    from oslo_utils.imageutils.format_inspector import FileInspector, InspectWrapper

#: Formats whose data is not inspected, because it is only stored.
_OPAQUE_FORMATS = ("ami", "ari", "aki", "ploop")


def inspect_format(image: Image, size: int, blocks: Iterator[bytes]) -> int | None:
    """Return the virtual size in bytes of the data of an image, or None if its format has none.

    Raises: InvalidImageData if the format is not the declared one, or if the data refers to other files.
    """
    if image.container_format != "bare":
        return None
    from oslo_utils.imageutils import format_inspector  # not needed to start

    try:
        inspector = _inspect(format_inspector.InspectWrapper(cast("IO[bytes]", blocks)), image.disk_format or "")
        _check_safety(inspector)
        actual = str(inspector)
        if actual == image.disk_format and actual != "raw":
            return inspector.virtual_size
    except (format_inspector.ImageFormatError, format_inspector.SafetyCheckFailed) as error:
        raise InvalidImageData(str(error)) from error
    if image.disk_format == "raw":
        return size
    if actual == "raw" and image.disk_format in _OPAQUE_FORMATS:
        return None
    raise InvalidImageData(f"Image disk_format {image.disk_format} does not match stream data {actual}")


def _inspect(wrapper: "InspectWrapper", disk_format: str) -> "FileInspector":
    """Read data until its format is known."""
    for _ in wrapper:
        if wrapper.formats is not None:
            break
    else:
        wrapper.close()
    matches = {str(inspector): inspector for inspector in wrapper.formats or ()}
    if disk_format == "iso" and set(matches) == {"iso", "gpt"}:  # a bootable ISO image has both
        return matches["iso"]
    inspector = wrapper.format
    assert inspector is not None, "the data was read to its end"
    return inspector


def _check_safety(inspector: "FileInspector") -> None:
    """Raises SafetyCheckFailed, but not for a protective MBR that other partitioning tools write."""
    from oslo_utils.imageutils import format_inspector

    try:
        inspector.safety_check()
    except format_inspector.SafetyCheckFailed as error:
        if str(inspector) != "gpt" or set(error.failures) - {"mbr"}:
            raise
