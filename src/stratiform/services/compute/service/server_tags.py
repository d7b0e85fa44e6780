"""Tags of servers. Source: Compute API reference, "Server tags"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Rule
from stratiform.services.compute import policy
from stratiform.services.compute.errors import ServerTagNotFound
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.model.validation import validate_tags
from stratiform.services.compute.service.server_access import get_server, get_server_for_update
from stratiform.services.compute.service.server_transitions import update_server


@dataclass(frozen=True, slots=True)
class ServerTags:
    """Operations of `/servers/{server_id}/tags`. Locked servers may be changed."""

    ids: Ids

    def list(self, ctx: RequestContext, server_id: str) -> Sequence[str]:
        """Raises ServerNotFound, Forbidden."""
        return get_server(ctx, policy.SERVER_TAGS_LIST, server_id).tags

    def require(self, ctx: RequestContext, server_id: str, tag: str) -> None:
        """Raises ServerNotFound, Forbidden; ServerTagNotFound unless the server has the tag."""
        if tag not in get_server(ctx, policy.SERVER_TAGS_SHOW, server_id).tags:
            raise ServerTagNotFound(server_id, tag)

    def replace(self, ctx: RequestContext, server_id: str, tags: Sequence[str]) -> Sequence[str]:
        """Raises Invalid for more than 50 tags, InvalidField."""
        server = self._get(ctx, policy.SERVER_TAGS_REPLACE, server_id)
        validate_tags(tags)
        return self._save(ctx, server, tags)

    def add(self, ctx: RequestContext, server_id: str, tag: str) -> bool:
        """Return False if the server has the tag already. Raises Invalid for more than 50 tags, InvalidField."""
        server = self._get(ctx, policy.SERVER_TAGS_ADD, server_id)
        if tag in server.tags:
            return False
        validate_tags([*server.tags, tag])
        self._save(ctx, server, [*server.tags, tag])
        return True

    def delete(self, ctx: RequestContext, server_id: str, tag: str) -> None:
        """Raises ServerTagNotFound."""
        server = self._get(ctx, policy.SERVER_TAGS_DELETE, server_id)
        if tag not in server.tags:
            raise ServerTagNotFound(server_id, tag)
        self._save(ctx, server, [other for other in server.tags if other != tag])

    def delete_all(self, ctx: RequestContext, server_id: str) -> None:
        self._save(ctx, self._get(ctx, policy.SERVER_TAGS_DELETE_ALL, server_id), [])

    def _get(self, ctx: RequestContext, rule: Rule, server_id: str) -> Server:
        return get_server_for_update(ctx, rule, server_id, allowed_if_locked=True)

    def _save(self, ctx: RequestContext, server: Server, tags: Sequence[str]) -> Sequence[str]:
        return update_server(ctx, self.ids, server, tags=sorted(set(tags))).tags
