"""Image members: the projects that an image is shared with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Forbidden, Invalid
from stratiform.kit.policy import Rule
from stratiform.services.image import events, policy
from stratiform.services.image.errors import ImageMemberNotFound, ImageNotFound
from stratiform.services.image.model import MEMBER_STATUSES, Image, ImageMember
from stratiform.services.image.repository import image_members
from stratiform.services.image.service.image_access import require_in_own_project, sees_all_projects
from stratiform.services.image.service.images import Images


@dataclass(frozen=True, slots=True)
class ImageMembers:
    """Source: Image API v2, "Sharing"."""

    images: Images

    def create(self, ctx: RequestContext, image_id: str, member_id: str) -> ImageMember:
        """Share an image with a project, which accepts or rejects it. Raises ImageNotFound, Forbidden, Conflict."""
        image = self._get_shared(ctx, image_id)
        policy.IMAGE_MEMBERS_CREATE.require(ctx.caller, image.owner)
        if not member_id:
            raise Invalid("Member to be added not specified")
        if image_members.find(ctx.db, image_id, member_id) is not None:
            raise Conflict(f"The target member {member_id} is already associated with image {image_id}.")
        member = image_members.insert(ctx.db, ImageMember(image_id, member_id, "pending", ctx.now, ctx.now))
        self.images.records.report_member(ctx.db, events.MEMBER_CREATED, member, ctx.now)
        return member

    def get(self, ctx: RequestContext, image_id: str, member_id: str) -> ImageMember:
        """Raises ImageNotFound, ImageMemberNotFound, Forbidden."""
        for member in self._list_visible(ctx, image_id, policy.IMAGE_MEMBERS_GET):
            if member.member_id == member_id:
                return member
        raise ImageMemberNotFound(image_id, member_id)

    def list(self, ctx: RequestContext, image_id: str) -> Sequence[ImageMember]:
        """Return all members to the owner of the image, and only itself to a member.

        Raises: ImageNotFound, Forbidden for an image that is not shared.
        """
        return self._list_visible(ctx, image_id, policy.IMAGE_MEMBERS_LIST)

    def update(self, ctx: RequestContext, image_id: str, member_id: str, status: str) -> ImageMember:
        """Accept or reject an image as its member; the owner of the image may not.

        Raises: ImageNotFound, ImageMemberNotFound, Forbidden, Invalid.
        """
        member = self.get(ctx, image_id, member_id)
        policy.IMAGE_MEMBERS_UPDATE.require(ctx.caller, member_id)
        if status not in MEMBER_STATUSES:
            raise Invalid(f'Status "{status}" is not one of {", ".join(MEMBER_STATUSES)}')
        updated = replace(member, status=status, updated_at=ctx.now)
        image_members.save(ctx.db, updated)
        self.images.records.report_member(ctx.db, events.MEMBER_UPDATED, updated, ctx.now)
        return updated

    def delete(self, ctx: RequestContext, image_id: str, member_id: str) -> None:
        """Stop sharing an image with a project. Raises ImageNotFound, ImageMemberNotFound, Forbidden."""
        image = self._get_shared(ctx, image_id)
        policy.IMAGE_MEMBERS_DELETE.require(ctx.caller, image.owner)
        member = image_members.find(ctx.db, image_id, member_id)
        if member is None or not image_members.delete(ctx.db, image_id, member_id):
            raise ImageMemberNotFound(image_id, member_id)
        self.images.records.report_member(ctx.db, events.MEMBER_DELETED, member, ctx.now)

    def _list_visible(self, ctx: RequestContext, image_id: str, rule: Rule) -> Sequence[ImageMember]:
        image = self._get_shared(ctx, image_id)
        require_in_own_project(ctx, rule)
        members = image_members.list_all(ctx.db, image_id)
        if _is_owner(ctx, image):
            return members
        return [member for member in members if member.member_id == ctx.caller.project_id]

    def _get_shared(self, ctx: RequestContext, image_id: str) -> Image:
        image = self.images.get(ctx, image_id)
        if image.visibility != "shared":
            if not _is_owner(ctx, image) and image.visibility == "private":
                raise ImageNotFound(image_id)
            raise Forbidden("Only shared images have members.")
        return image


def _is_owner(ctx: RequestContext, image: Image) -> bool:
    return sees_all_projects(ctx.caller) or ctx.caller.project_id == image.owner
