"""Sharing images with other projects."""

from dataclasses import replace

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Forbidden, Invalid
from stratiform.services.image.errors import ImageNotFound, MemberNotFound
from stratiform.services.image.model import MEMBER_STATUSES, Image, Member
from stratiform.services.image.policy import policy
from stratiform.services.image.repository import records
from stratiform.services.image.service.images import ImageVerbs
from stratiform.services.image.service.parts import require_look, require_own, sees_all


class MemberVerbs(ImageVerbs):
    """Verbs on members."""

    __slots__ = ()

    def members(self, ctx: RequestContext, image_id: str) -> list[Member]:
        """Everybody for the owner; a member sees itself. Raises Forbidden for an image that isn't shared."""
        image = self._shared(ctx, image_id)
        require_look(ctx, "get_members")
        found = records.members_of(ctx.db, image_id)
        if self._owns(ctx, image):
            return found
        return [member for member in found if member.member_id == ctx.caller.project_id]

    def member(self, ctx: RequestContext, image_id: str, member_id: str) -> Member:
        """Raises MemberNotFound."""
        for member in self.members(ctx, image_id):
            if member.member_id == member_id:
                return member
        raise MemberNotFound(image_id, member_id)

    def add_member(self, ctx: RequestContext, image_id: str, member_id: str) -> Member:
        """Offer the image to a project, which may accept it. Raises Conflict where it is a member already."""
        image = self._shared(ctx, image_id)
        require_own(ctx, "add_member", image)
        if not member_id:
            raise Invalid("Member to be added not specified")
        if records.member(ctx.db, image_id, member_id) is not None:
            raise Conflict(f"The target member {member_id} is already associated with image {image_id}.")
        made = Member(image_id, member_id, "pending", ctx.now, ctx.now)
        return records.members.insert(ctx.db, made)

    def set_member(self, ctx: RequestContext, image_id: str, member_id: str, status: str) -> Member:
        """The member says whether it wants the image. Raises Forbidden for anybody else, the owner too."""
        member = self.member(ctx, image_id, member_id)
        policy.require(ctx.caller, "modify_member", member_id)
        if status not in MEMBER_STATUSES:
            raise Invalid(f'Status "{status}" is not one of {", ".join(MEMBER_STATUSES)}')
        after = replace(member, status=status, updated_at=ctx.now)
        records.save_member(ctx.db, after)
        return after

    def remove_member(self, ctx: RequestContext, image_id: str, member_id: str) -> None:
        """Raises MemberNotFound."""
        image = self._shared(ctx, image_id)
        require_own(ctx, "delete_member", image)
        if not records.delete_member(ctx.db, image_id, member_id):
            raise MemberNotFound(image_id, member_id)

    def _shared(self, ctx: RequestContext, image_id: str) -> Image:
        image = self.image(ctx, image_id)
        if image.visibility != "shared":
            if not self._owns(ctx, image) and image.visibility == "private":
                raise ImageNotFound(image_id)
            raise Forbidden("Only shared images have members.")
        return image

    def _owns(self, ctx: RequestContext, image: Image) -> bool:
        return sees_all(ctx.caller) or ctx.caller.project_id == image.owner
