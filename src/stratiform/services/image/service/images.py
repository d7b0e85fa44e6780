"""Image records."""

import re
from dataclasses import replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Forbidden, Invalid
from stratiform.kit.pagination import Slice
from stratiform.kit.work import enqueue
from stratiform.services.image.errors import ImageNotFound, Protected, ReadOnly, Reserved, TagNotFound
from stratiform.services.image.model import (
    CONTAINER_FORMATS,
    DISK_FORMATS,
    READ_ONLY,
    RESERVED,
    SETTABLE,
    VISIBILITIES,
    Change,
    Image,
    Listing,
)
from stratiform.services.image.policy import policy
from stratiform.services.image.repository import records
from stratiform.services.image.service.parts import Parts, is_seen, lock_seen, require_look, require_own, sees_all
from stratiform.services.image.tables import images as table

_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_CHOICES = {"disk_format": DISK_FORMATS, "container_format": CONTAINER_FORMATS, "visibility": VISIBILITIES}
_BOOLEANS = ("protected", "os_hidden")
_NUMBERS = ("min_disk", "min_ram")
_LENGTH = 255
_NUMBER_MAX = 2**31 - 1


class ImageVerbs(Parts):
    """Verbs on images."""

    __slots__ = ()

    def images(self, ctx: RequestContext, listing: Listing) -> Slice[Image]:
        """The project's own, the public ones, and those it accepted from others; the operator's list has all."""
        everyones = sees_all(ctx.caller)
        if not everyones:
            policy.require(ctx.caller, "get_images", ctx.caller.project())
        return records.listed(ctx.db, listing, ctx.caller.project_id, everyones)

    def image(self, ctx: RequestContext, image_id: str) -> Image:
        """Raises ImageNotFound, also where the caller may not see it; Forbidden."""
        found = records.images.get(ctx.db, image_id)
        if found is None or not is_seen(ctx.db, ctx.caller, found):
            raise ImageNotFound(image_id)
        require_look(ctx, "get_image")
        return found

    def create(self, ctx: RequestContext, values: dict[str, Any]) -> Image:
        """A record that waits for its bytes. `values`: as in the API, the customer's own properties among them.

        Raises Invalid, Forbidden, Conflict where the id is taken.
        """
        values = dict(values)
        image_id = str(values.pop("id", "") or self.ids.uuid())
        owner = _checked("owner", values.pop("owner", None) or ctx.caller.project())
        policy.require(ctx.caller, "add_image", owner)
        if not _UUID.fullmatch(image_id):
            raise Invalid(f"Provided object does not match schema 'image': '{image_id}' is not a UUID")
        blank = Image(image_id, owner, ctx.now, ctx.now)
        made = _with(ctx, blank, values)
        if not records.insert(ctx.db, made):
            raise Conflict(f"Image ID {image_id} already exists!")
        return made

    def create_native(self, ctx: RequestContext, name: str, **values: Any) -> Image:
        """A public, active image without bytes: the clouds have it already, and operators register it there.

        `values`: more of what `create` takes (`id`, `min_disk`, `visibility`, `os_distro`…). For operators.
        """
        policy.require(ctx.caller, "publicize_image", None)
        wanted = {
            "owner": ctx.caller.project_id or "stratiform",
            "visibility": "public",
            "disk_format": "raw",
            "container_format": "bare",
        }
        made = self.create(ctx, {**wanted, "name": name, **values})
        active = replace(made, status="active", size=0)
        return records.images.save(ctx.db, active)

    def named(self, ctx: RequestContext, name: str) -> list[Image]:
        """The images of that name that the caller sees."""
        return list(self.images(ctx, Listing({"name": [name]})).items)

    def update(self, ctx: RequestContext, image_id: str, changes: list[Change]) -> Image:
        """Take the steps of a JSON patch, all or none. Raises Invalid, Forbidden, WrongState."""
        image = lock_seen(ctx, image_id)
        require_own(ctx, "modify_image", image)
        after = image
        for change in changes:
            after = _changed(ctx, after, change)
        if after == image:
            return image
        return records.images.save(ctx.db, replace(after, updated_at=ctx.now))

    def delete(self, ctx: RequestContext, image_id: str) -> None:
        """Its bytes and its copies in clouds go too, later. Raises Protected."""
        image = lock_seen(ctx, image_id)
        require_own(ctx, "delete_image", image)
        if image.protected:
            raise Protected(image_id)
        records.images.delete(ctx.db, table.c.id == image_id)
        enqueue(ctx.db, "image.copy", image_id, ctx.now)

    def add_tag(self, ctx: RequestContext, image_id: str, tag: str) -> None:
        image = lock_seen(ctx, image_id)
        require_own(ctx, "modify_image", image)
        if tag not in image.tags:
            tags = _tags([*image.tags, tag])
            records.images.save(ctx.db, replace(image, tags=tags, updated_at=ctx.now))

    def remove_tag(self, ctx: RequestContext, image_id: str, tag: str) -> None:
        """Raises TagNotFound."""
        image = lock_seen(ctx, image_id)
        require_own(ctx, "modify_image", image)
        if tag not in image.tags:
            raise TagNotFound(tag)
        tags = [one for one in image.tags if one != tag]
        records.images.save(ctx.db, replace(image, tags=tags, updated_at=ctx.now))

    def deactivate(self, ctx: RequestContext, image_id: str) -> None:
        """Nobody but the operator downloads it any more. Raises Forbidden where it isn't active."""
        self._turn(ctx, image_id, "deactivate", "active", "deactivated")

    def reactivate(self, ctx: RequestContext, image_id: str) -> None:
        """Raises Forbidden where it isn't deactivated."""
        self._turn(ctx, image_id, "reactivate", "deactivated", "active")

    def _turn(self, ctx: RequestContext, image_id: str, rule: str, before: str, after: str) -> None:
        image = lock_seen(ctx, image_id)
        require_own(ctx, rule, image)
        if image.status not in (before, after):
            raise Forbidden(f"Not allowed to {rule} image in status '{image.status}'")
        records.images.save(ctx.db, replace(image, status=after, updated_at=ctx.now))


def _changed(ctx: RequestContext, image: Image, change: Change) -> Image:
    if change.name in READ_ONLY:
        raise ReadOnly(change.name)
    if change.op == "remove":
        return _without(image, change.name)
    known = change.name in SETTABLE or change.name in image.properties
    if change.op == "replace" and not known and change.name != "locations":
        raise Conflict(f"Property {change.name} does not exist.")
    return _with(ctx, image, {change.name: change.value})


def _without(image: Image, name: str) -> Image:
    if name in SETTABLE or name == "locations":
        raise Forbidden(f"Property {name} may not be removed.")
    if name not in image.properties:
        raise Conflict(f"Property {name} does not exist.")
    return replace(image, properties={key: value for key, value in image.properties.items() if key != name})


def _with(ctx: RequestContext, image: Image, values: dict[str, Any]) -> Image:
    """The image with these attributes, each checked."""
    fields: dict[str, Any] = {}
    properties = dict(image.properties)
    for name, value in values.items():
        if name in READ_ONLY:
            raise ReadOnly(name)
        if name in RESERVED or name.startswith("os_glance_"):
            raise Reserved(name)
        if name == "locations":
            raise Forbidden("It's not allowed to add locations if locations are invisible.")
        if name in SETTABLE:
            fields[name] = _checked(name, value)
        else:
            properties[name] = _property(name, value)
    _require_allowed(ctx, image, fields)
    return replace(image, **fields, properties=properties)


def _require_allowed(ctx: RequestContext, image: Image, fields: dict[str, Any]) -> None:
    visibility = fields.get("visibility")
    if visibility != image.visibility and visibility in ("public", "community"):
        rule = "publicize_image" if visibility == "public" else "communitize_image"
        policy.require(ctx.caller, rule, image.owner)
    if "owner" in fields and fields["owner"] != image.owner and not ctx.caller.is_admin:
        raise Forbidden("You are not permitted to change the owner of this image.")
    for name in ("disk_format", "container_format"):
        if name in fields and fields[name] != getattr(image, name) and image.status != "queued":
            raise Forbidden(f"Attribute {name} can be only replaced for a queued image.")


def _checked(name: str, value: Any) -> Any:
    if name == "tags":
        return _tags(value)
    if name in _CHOICES:
        allowed: tuple[Any, ...] = _CHOICES[name] if name == "visibility" else (*_CHOICES[name], None)
        _require(value in allowed, name, value, f"is not one of {list(allowed)}")
    elif name in _BOOLEANS:
        _require(isinstance(value, bool), name, value, "is not of type 'boolean'")
    elif name in _NUMBERS:
        whole = isinstance(value, int) and not isinstance(value, bool)
        _require(whole and 0 <= value <= _NUMBER_MAX, name, value, "is not a whole number of zero or more")
    else:
        ok = value is None if value is None else isinstance(value, str) and len(value) <= _LENGTH
        _require(ok and (value is not None or name == "name"), name, value, "is not a text of at most 255 characters")
    return value


def _tags(value: Any) -> list[str]:
    ok = isinstance(value, list) and all(isinstance(tag, str) and 0 < len(tag) <= _LENGTH for tag in value)
    _require(ok, "tags", value, "is not a list of texts of at most 255 characters")
    return sorted(set(value))


def _property(name: str, value: Any) -> str:
    _require(0 < len(name) <= _LENGTH and "/" not in name, name, name, "is no name for a property")
    _require(isinstance(value, str), name, value, "is not of type 'string'")
    return str(value)


def _require(ok: bool, name: str, value: Any, told: str) -> None:
    if not ok:
        raise Invalid(f"Provided object does not match schema 'image': {value!r} {told}: '{name}'")
