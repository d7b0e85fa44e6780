"""Images of the image service, as Nova shows them."""

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.openstack.compute.schemas.common import Link, PageQuery


class ImageListQuery(PageQuery, kw_only=True):
    """`server`: id or address of a server; `changes_since`: the earliest time of the last change."""

    name: str | None = None
    status: str | None = None
    server: str | None = None
    type: str | None = None
    changes_since: str | None = field(name="changes-since", default=None)
    min_ram: str | None = field(name="minRam", default=None)
    min_disk: str | None = field(name="minDisk", default=None)


class ImageSummary(Struct):
    id: str
    name: str | None
    links: list[Link]


class ImageServer(Struct):
    id: str
    links: list[Link]


class ImageDetail(ImageSummary, kw_only=True):
    status: str
    created: str
    updated: str
    min_disk: int = field(name="minDisk")
    min_ram: int = field(name="minRam")
    progress: int
    metadata: dict[str, str]
    server: ImageServer | UnsetType
    size: int | None = field(name="OS-EXT-IMG-SIZE:size")


class ImagesResponse(Struct):
    images: list[ImageSummary]
    images_links: list[Link] | UnsetType = UNSET


class ImagesDetailResponse(Struct):
    images: list[ImageDetail]
    images_links: list[Link] | UnsetType = UNSET


class ImageResponse(Struct):
    image: ImageDetail
