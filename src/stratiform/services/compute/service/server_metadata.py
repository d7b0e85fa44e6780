"""Metadata of servers. Source: Compute API reference, "Server metadata"."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Rule
from stratiform.services.compute import policy
from stratiform.services.compute.errors import ServerMetadataNotFound
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.model.validation import validate_metadata
from stratiform.services.compute.service.server_access import get_server, get_server_for_update
from stratiform.services.compute.service.server_transitions import update_server


@dataclass(frozen=True, slots=True)
class ServerMetadata:
    """Operations of `/servers/{server_id}/metadata`."""

    ids: Ids

    def list(self, ctx: RequestContext, server_id: str) -> Mapping[str, str]:
        """Raises ServerNotFound, Forbidden."""
        return get_server(ctx, policy.SERVER_METADATA_LIST, server_id).metadata

    def get(self, ctx: RequestContext, server_id: str, key: str) -> str:
        """Raises ServerNotFound, Forbidden, ServerMetadataNotFound."""
        metadata = get_server(ctx, policy.SERVER_METADATA_SHOW, server_id).metadata
        if key not in metadata:
            raise ServerMetadataNotFound
        return metadata[key]

    def create(self, ctx: RequestContext, server_id: str, items: Mapping[str, str]) -> Mapping[str, str]:
        """Add `items` to the metadata, and return all of it. Raises InvalidField, OverLimit, ServerLocked."""
        return self._merge(ctx, policy.SERVER_METADATA_CREATE, server_id, items)

    def update(self, ctx: RequestContext, server_id: str, key: str, value: str) -> None:
        """Add or change one item. Raises InvalidField, OverLimit, ServerLocked."""
        self._merge(ctx, policy.SERVER_METADATA_UPDATE, server_id, {key: value})

    def replace(self, ctx: RequestContext, server_id: str, metadata: Mapping[str, str]) -> Mapping[str, str]:
        """Raises InvalidField, OverLimit, ServerLocked."""
        server = get_server_for_update(ctx, policy.SERVER_METADATA_REPLACE, server_id)
        return self._save(ctx, server, dict(metadata))

    def delete(self, ctx: RequestContext, server_id: str, key: str) -> None:
        """Raises ServerMetadataNotFound, ServerLocked."""
        server = get_server_for_update(ctx, policy.SERVER_METADATA_DELETE, server_id)
        if key not in server.metadata:
            raise ServerMetadataNotFound
        self._save(ctx, server, {name: value for name, value in server.metadata.items() if name != key})

    def _merge(self, ctx: RequestContext, rule: Rule, server_id: str, items: Mapping[str, str]) -> Mapping[str, str]:
        server = get_server_for_update(ctx, rule, server_id)
        return self._save(ctx, server, {**server.metadata, **items})

    def _save(self, ctx: RequestContext, server: Server, metadata: dict[str, str]) -> Mapping[str, str]:
        validate_metadata(metadata)
        return update_server(ctx, self.ids, server, metadata=metadata).metadata
