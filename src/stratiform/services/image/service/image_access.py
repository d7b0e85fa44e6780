"""Visibility of images, and access to the images that a caller sees."""

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.policy import Caller, Rule, system_reader
from stratiform.services.image.errors import ImageNotFound
from stratiform.services.image.model import Image
from stratiform.services.image.repository import image_members, images


def sees_all_projects(caller: Caller) -> bool:
    """Return True for operators and system readers, who see the images of every project."""
    return system_reader(caller, None)


def is_image_visible(db: Connection, caller: Caller, image: Image) -> bool:
    """Return True for images that are public, community, the caller's own, or shared with the caller's project."""
    if sees_all_projects(caller) or image.visibility in ("public", "community") or caller.project_id == image.owner:
        return True
    if image.visibility != "shared" or caller.project_id is None:
        return False
    return image_members.find(db, image.id, caller.project_id) is not None


def get_visible_image(ctx: RequestContext, image_id: str) -> Image:
    """Return an image that the caller sees. Raises ImageNotFound."""
    return _require_visible(ctx, image_id, images.find(ctx.db, image_id))


def lock_visible_image(ctx: RequestContext, image_id: str) -> Image:
    """Return an image that the caller sees, locked until the transaction ends. Raises ImageNotFound."""
    return _require_visible(ctx, image_id, images.find_for_update(ctx.db, image_id))


def require_in_own_project(ctx: RequestContext, rule: Rule) -> None:
    """Require a rule of read access in the caller's project, because a visible image may belong to another one."""
    rule.require(ctx.caller, ctx.caller.project_id)


def _require_visible(ctx: RequestContext, image_id: str, image: Image | None) -> Image:
    if image is None or not is_image_visible(ctx.db, ctx.caller, image):
        raise ImageNotFound(image_id)
    return image
