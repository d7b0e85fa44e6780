"""Locations: the addresses of image data in stores, as clients see and change them.

Source: Image API v2, "Show image", "Update image", "List locations"; glance/location.py; glance/api/v2/images.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Fault, Forbidden, Invalid
from stratiform.kit.number_parsing import parse_uint
from stratiform.kit.policy import Caller
from stratiform.services.image import policy
from stratiform.services.image.errors import (
    InvalidLocation,
    LocationExists,
    LocationLimitExceeded,
    MissingImageFormats,
)
from stratiform.services.image.model import (
    Image,
    ImageChange,
    ImageLocation,
    LocatedData,
    LocationUrl,
    LocationUrls,
    NewLocation,
    is_registered,
    set_locations,
)
from stratiform.services.image.repository import images as image_rows
from stratiform.services.image.service.data_deletion import enqueue_deletion, is_data_of
from stratiform.services.image.service.image_access import get_visible_image
from stratiform.services.image.service.image_quotas import ImageQuotas
from stratiform.services.image.service.validation_data import merge_validation_data, set_hashes
from stratiform.services.image.stores.registry import ImageStores

#: Glance's default of `image_location_quota`.
_MAX_LOCATIONS = 10

#: The statuses in which locations may be changed.
_STATUSES = {"add": ("active", "queued"), "replace": ("active", "queued"), "remove": ("active",)}

#: The data of addresses, as found before the transaction that registers them.
Located = Mapping[str, LocatedData]


@dataclass(frozen=True, slots=True)
class ImageLocations:
    """`show_direct_url`, `show_multiple`: the settings of Glance of these names; both are off by default."""

    stores: ImageStores
    quotas: ImageQuotas
    show_direct_url: bool = False
    show_multiple: bool = False

    def describe(self, caller: Caller, image: Image) -> LocationUrls:
        """Return the locations for a response, as far as the settings and the caller's roles allow."""
        if not (self.show_direct_url or self.show_multiple):
            return LocationUrls()
        if not policy.IMAGE_LOCATIONS_GET.allows(caller, caller.project_id):
            return LocationUrls(locations=[] if self.show_multiple else None)
        preferred = self._build_urls(self.stores.sort(image.data_locations))
        return LocationUrls(
            direct_url=preferred[0].url if preferred and self.show_direct_url else "",
            locations=self._build_urls(image.data_locations) if self.show_multiple else None,
        )

    def list(self, ctx: RequestContext, image_id: str) -> Sequence[LocationUrl]:
        """Return all locations, whatever the settings are. Raises ImageNotFound, Forbidden."""
        image = get_visible_image(ctx, image_id)
        policy.IMAGE_LOCATIONS_LIST.require(ctx.caller, image.owner)
        return self._build_urls(image.data_locations)

    def list_new_urls(self, ctx: RequestContext, image_id: str, changes: Sequence[ImageChange]) -> Sequence[str]:
        """Return the addresses that a JSON patch registers, for `locate`; none if it will be refused.

        Raises: ImageNotFound.
        """
        image = get_visible_image(ctx, image_id)
        if not (self.show_multiple and policy.IMAGE_LOCATIONS_UPDATE.allows(ctx.caller, image.owner)):
            return []
        registering = [change for change in changes if change.op == "add" or not image.locations]
        urls = dict.fromkeys(location.url for change in registering for location in _list_new(change))
        return [url for url in urls if self._may_register(ctx.caller, image, url)][:_MAX_LOCATIONS]

    def locate(self, urls: Sequence[str]) -> Located:
        """Return the data at these addresses, up to the first one without any, which makes the request fail.

        Contacts servers: no transaction may be open. Raises: StoreUnavailable for a bucket.
        """
        located: dict[str, LocatedData] = {}
        for url in urls:
            data = self.find_data(url)
            if data is None:
                break
            located[url] = data
        return located

    def find_data(self, url: str) -> LocatedData | None:
        """Return the data at an address of a store. Raises StoreUnavailable for a bucket."""
        location = self.stores.find_location(url)
        if location is None:
            return None
        try:
            size = self.stores.get(location.store).get_size(location.name)
        except FileNotFoundError:
            return None
        except Fault:
            if is_registered(location):
                return None
            raise
        return LocatedData(location, size) if size > 0 else None

    def apply(self, ctx: RequestContext, image: Image, change: ImageChange, located: Located) -> Image:
        """Return the image with one operation of a JSON patch on its locations applied.

        Raises: Forbidden, Conflict, Invalid, LocationLimitExceeded, ImageQuotaExceeded.
        """
        if change.op == "replace" and not change.value:
            raise Forbidden("Cannot set locations to empty list.")
        rule = policy.IMAGE_LOCATIONS_DELETE if change.op == "remove" else policy.IMAGE_LOCATIONS_UPDATE
        rule.require(ctx.caller, image.owner)
        if not self.show_multiple:
            verb = "update" if change.op == "replace" else change.op
            raise Forbidden(f"It's not allowed to {verb} locations if locations are invisible.")
        if image.status not in _STATUSES[change.op]:
            raise Conflict(f"It's not allowed to {change.op} locations if image status is {image.status}.")
        if change.op == "remove":
            return self._remove(ctx, image, change.position)
        new = _list_new(change)
        attributes = merge_validation_data(image, new)
        if change.op == "add":
            changed = self._add(ctx, image, new[0], change.position, located)
        else:
            changed = self._replace(ctx, image, new, located)
        return set_hashes(activate(changed), attributes) if image.status == "queued" else changed

    def _may_register(self, caller: Caller, image: Image, url: str) -> bool:
        """Return True if a caller may register the data at an address.

        Unlike in Glance, users may not register other data in a bucket than that of the image itself, because it may be
        that of another project.
        """
        location = self.stores.find_location(url)
        if location is None:
            return False
        is_trusted = caller.is_admin or "service" in caller.roles
        return is_trusted or is_registered(location) or is_data_of(image.id, location)

    def _add(self, ctx: RequestContext, image: Image, new: NewLocation, position: str, located: Located) -> Image:
        index = len(image.locations) if position == "-" else parse_uint(position)
        if index is None:
            raise Invalid("Invalid position for adding a location.")
        data = _require_data(new, located)
        locations = image.data_locations
        if _is_duplicate(data.location, locations):
            raise LocationExists(new.url)
        locations.insert(index, data.location)
        return self.register(ctx, image, locations, [data])

    def _replace(self, ctx: RequestContext, image: Image, new: Sequence[NewLocation], located: Located) -> Image:
        """Set the locations of an image without any, or the metadata and the order of all locations that it has."""
        if image.locations:
            present = sorted(location.url for location in self._build_urls(image.data_locations))
            if sorted(location.url for location in new) != present or len(present) != len(image.locations):
                raise Invalid(f"Original locations is not empty: {present}")
            return set_locations(image, [self._with_metadata(image, location) for location in new])
        data = [_require_data(location, located) for location in new]
        locations = [item.location for item in data]
        for index, location in enumerate(locations):
            if _is_duplicate(location, locations[:index]):
                raise LocationExists(new[index].url)
        return self.register(ctx, image, locations, data)

    def _remove(self, ctx: RequestContext, image: Image, position: str) -> Image:
        locations = image.data_locations
        if len(locations) == 1:
            raise Forbidden("Cannot remove last location in the image.")
        index = len(locations) - 1 if position == "-" else parse_uint(position)
        if index is None or index >= len(locations):
            raise Invalid("Invalid position for removing a location.")
        enqueue_deletion(ctx.db, locations.pop(index), ctx.now)
        return set_locations(image, locations)

    def register(
        self, ctx: RequestContext, image: Image, locations: Sequence[ImageLocation], new: Sequence[LocatedData]
    ) -> Image:
        """Return the image with other locations.

        Raises: LocationLimitExceeded, ImageQuotaExceeded, InvalidLocation for data in a bucket that an image has.
        """
        for data in new:
            in_bucket = not is_registered(data.location) and not is_data_of(image.id, data.location)
            if in_bucket and image_rows.is_location_used(ctx.db, data.location):
                raise InvalidLocation
        if len(locations) > _MAX_LOCATIONS:
            raise LocationLimitExceeded(len(locations), _MAX_LOCATIONS)
        counted = [data for data in new if not image.locations or not is_registered(data.location)]
        self.quotas.require(ctx.db, image.owner, "image_size_total", sum(data.size for data in counted))
        return replace(set_locations(image, locations), size=image.size or new[0].size)

    def _with_metadata(self, image: Image, new: NewLocation) -> ImageLocation:
        """Return the location that has the address of `new`, with its metadata."""
        for location in image.data_locations:
            if self.stores.get(location.store).build_url(location.name) == new.url:
                return replace(location, metadata=_without_store(new.metadata))
        raise InvalidLocation

    def _build_urls(self, locations: Sequence[ImageLocation]) -> Sequence[LocationUrl]:
        """Return the addresses of locations; those in stores that were removed from the settings have none."""
        return [
            LocationUrl(self.stores.get(location.store).build_url(location.name), _with_store(location))
            for location in locations
            if location.store in self.stores.stores
        ]


def activate(image: Image) -> Image:
    """Return an image with locations as active. Raises MissingImageFormats."""
    missing = [name for name in ("disk_format", "container_format") if getattr(image, name) is None]
    if missing:
        raise MissingImageFormats(", ".join(missing))
    return replace(image, status="active")


def _list_new(change: ImageChange) -> list[NewLocation]:
    """Return the locations in an operation of a JSON patch."""
    values = change.value if isinstance(change.value, list) else [change.value]
    return [value for value in values if isinstance(value, NewLocation)]


def _require_data(new: NewLocation, located: Located) -> LocatedData:
    """Return located data with the metadata of the request. Raises InvalidLocation."""
    data = located.get(new.url)
    if data is None:
        raise InvalidLocation
    return replace(data, location=replace(data.location, metadata=_without_store(new.metadata)))


def _is_duplicate(location: ImageLocation, present: Sequence[ImageLocation]) -> bool:
    """Return True for the same data with the same metadata; in a bucket, it is deleted once, so metadata is ignored."""
    if is_registered(location):
        return location in present
    return (location.store, location.name) in [(item.store, item.name) for item in present]


def _with_store(location: ImageLocation) -> dict[str, object]:
    return {**location.metadata, "store": location.store}


def _without_store(metadata: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in metadata.items() if name != "store"}
