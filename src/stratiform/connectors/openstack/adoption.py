"""Adoption capability of OpenStack: volumes and snapshots of Cinder that exist already.

Source: Block Storage API (microversion 3.59), "Update a volume", "Volume snapshots", "Snapshot metadata".
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from stratiform.connectors.openstack import tags
from stratiform.connectors.openstack.snapshot import Snapshot, list_snapshots
from stratiform.connectors.openstack.volume import Volume, find_server, get_volume, list_volumes
from stratiform.contract.adoption import AdoptableKind, AdoptableResource
from stratiform.contract.errors import NativeNotFound, RequestRejected

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

_READY = ("available", "in-use")


class OpenstackAdoptionDriver:
    """Implements contract.adoption.AdoptionDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def list(self, kind: AdoptableKind) -> Iterator[AdoptableResource]:
        if kind is AdoptableKind.SNAPSHOT:
            yield from map(self._to_resource, list_snapshots(self._client))
        else:
            volumes = list_volumes(self._client)
            yield from (self._to_resource(volume) for volume in volumes if not tags.is_hidden(volume.metadata))

    def adopt(self, kind: AdoptableKind, native_id: str, token: str, name: str) -> None:
        resource = self._get(kind, native_id)
        owner = (resource.metadata.get(tags.INSTALLATION), resource.metadata.get(tags.TOKEN))
        if owner[1] and owner != (self._client.installation_id, token):
            raise RequestRejected(f"{kind.value} {native_id} has an owner")
        metadata = tags.build_metadata(self._client.installation_id, token, resource.metadata)
        self._update(kind, native_id, name, metadata)

    def release(self, kind: AdoptableKind, native_id: str, name: str) -> None:
        try:
            resource = self._get(kind, native_id)
        except NativeNotFound:
            return
        if resource.metadata.get(tags.INSTALLATION) != self._client.installation_id:
            return
        if isinstance(resource, Volume) and resource.status not in ("available", "error"):
            raise RequestRejected(f"cannot release volume {native_id} with the status {resource.status}")
        self._update(kind, native_id, name, tags.remove_marks(resource.metadata))

    def _get(self, kind: AdoptableKind, native_id: str) -> Volume | Snapshot:
        if kind is AdoptableKind.VOLUME:
            return get_volume(self._client, native_id)
        return self._client.fetch("block-storage", f"/snapshots/{native_id}", "snapshot", Snapshot)

    def _update(self, kind: AdoptableKind, native_id: str, name: str, metadata: Mapping[str, str]) -> None:
        """Replace the metadata, then the name."""
        path = f"/{kind.value}s/{native_id}"
        self._client.request("block-storage", "PUT", f"{path}/metadata", {"metadata": metadata})
        self._client.request("block-storage", "PUT", path, {kind.value: {"name": name}})

    def _to_resource(self, resource: Volume | Snapshot) -> AdoptableResource:
        token = tags.find_metadata_token(resource.metadata, self._client.installation_id)
        return AdoptableResource(
            id=resource.id,
            name=resource.name or "",
            size_gib=resource.size,
            token=token,
            is_foreign=bool(resource.metadata.get(tags.TOKEN)) and not token,
            is_ready=resource.status in _READY,
            server_id=find_server(self._client, resource) if isinstance(resource, Volume) else "",
            zones=(resource.availability_zone or "", "") if isinstance(resource, Volume) else (),
            volume_id=resource.volume_id if isinstance(resource, Snapshot) else "",
        )
