"""Sweeps: resources in a cloud that have the tag of this installation, and that no row owns.

Background work deletes what a deleted or failed row has left behind. What remains has a tag that no row has ever had:
the database was restored from an older backup, or another database is used with the same keys. Only an operator can
decide whether it may be deleted. See decision 0009.
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from stratiform.contract.compute import NativeServerState
from stratiform.contract.connector import CloudConnection
from stratiform.contract.errors import CloudError
from stratiform.contract.volume import NativeVolumeState
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import NotFound
from stratiform.services.clouds import policy
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.service import CloudsService
from stratiform.services.clouds.service.connections import require_no_transaction
from stratiform.services.compute.repository.servers import find_existing_ids
from stratiform.services.network.service import NetworkService
from stratiform.services.volume.service import VolumeService

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TaggedResource:
    """A resource with the tag of this installation. `token`: the id of the row for which it was created."""

    resource_type: str
    native_id: str
    token: str
    description: str


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The resources that no row owns, and the number of all with the tag of this installation."""

    tagged: int
    unowned: Sequence[TaggedResource]


@dataclass(frozen=True, slots=True)
class Sweeps:
    """Finds and deletes servers, volumes and subnets that no row owns. No transaction may be open."""

    clouds: CloudsService
    network: NetworkService
    volume: VolumeService

    def list_unowned(self, ctx: RequestContext, cloud: Cloud) -> SweepResult:
        """List a cloud, and then the rows: every resource in the list was created for a row that exists already.

        Raises: CloudUnreachable, CredentialsRejected. A capability that the cloud lacks has no resources.
        """
        policy.CLOUDS_SWEEP.require(ctx.caller, None)
        require_no_transaction(ctx)
        tagged = list(_list_tagged(self.clouds.connections.get(cloud.id)))
        with self.clouds.connections.database.read_transaction() as db:
            owned = self._list_owned(db, [resource.token for resource in tagged])
        return SweepResult(len(tagged), [resource for resource in tagged if resource.token not in owned])

    def delete(
        self, ctx: RequestContext, cloud: Cloud, native_ids: Collection[str]
    ) -> Sequence[tuple[TaggedResource, str]]:
        """Delete these resources, if no row owns them, and return each with the error of the cloud or "".

        Raises: NotFound, and deletes nothing, for an id that is not among the unowned resources.
        """
        unowned = {resource.native_id: resource for resource in self.list_unowned(ctx, cloud).unowned}
        for native_id in native_ids:
            if native_id not in unowned:
                raise NotFound(f"'{native_id}' is not a resource of cloud '{cloud.name}' without an owner")
        connection = self.clouds.connections.get(cloud.id)
        chosen = [resource for resource in unowned.values() if resource.native_id in native_ids]
        return [(resource, _delete(connection, cloud, resource)) for resource in chosen]

    def _list_owned(self, db: Connection, tokens: Sequence[str]) -> set[str]:
        """Return the tokens for which there is a row of any cloud, also of a deleted server or volume."""
        return {
            *find_existing_ids(db, tokens),
            *self.volume.volumes.list_existing_ids(db, tokens),
            *self.network.native_subnets.list_existing_ids(db, tokens),
        }


def _list_tagged(connection: CloudConnection) -> Iterator[TaggedResource]:
    """Yield resources in the order in which they can be deleted, servers before what they use.

    Those that are being deleted are left out.
    """
    if connection.compute is not None:
        for server in connection.compute.list():
            if server.state not in (NativeServerState.DELETING, NativeServerState.DELETED):
                yield TaggedResource("server", server.id, server.token, server.state.value)
    if connection.volume is not None:
        for volume in connection.volume.list():
            if volume.state not in (NativeVolumeState.DELETING, NativeVolumeState.DELETED):
                yield TaggedResource("volume", volume.id, volume.token, f"{volume.size_gib} GiB, {volume.state.value}")
    if connection.network is not None:
        for subnet in connection.network.list_subnets():
            yield TaggedResource("subnet", subnet.id, subnet.token, subnet.cidr)


def _delete(connection: CloudConnection, cloud: Cloud, resource: TaggedResource) -> str:
    """Delete one resource; return the error of the cloud, or ""."""
    try:
        if resource.resource_type == "server" and connection.compute is not None:
            connection.compute.delete(resource.native_id)
        elif resource.resource_type == "volume" and connection.volume is not None:
            connection.volume.delete(resource.native_id)
        elif connection.network is not None:
            connection.network.delete_subnet(resource.native_id)
    except CloudError as error:
        return error.message
    logger.warning(
        "unowned resource deleted cloud=%s type=%s native_id=%s resource_tag=%s",
        *(cloud.name, resource.resource_type, resource.native_id, resource.token),
    )
    return ""
