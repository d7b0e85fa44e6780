"""Segments of networks. Every network is created with one; clouds do not use their values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, IntegrityError
from stratiform.kit.ids import Ids
from stratiform.services.network.errors import BadRequest, InvalidInput, NetworkNotFound
from stratiform.services.network.errors.segments import (
    NetworkIdsDontMatch,
    NoUpdateSubnetWhenMultipleSegmentsOnNetwork,
    SegmentInUse,
    SegmentNotFound,
    SegmentsSetInConjunctionWithProviders,
    SubnetSegmentAssociationChangeNotAllowed,
    SubnetsNotAllAssociatedWithSegments,
)
from stratiform.services.network.model import Attributes, Network, Subnet
from stratiform.services.network.model.declared_types.segments import SEGMENT
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.model.segments import (
    SEGMENT_FIELDS,
    build_fingerprint,
    build_in_use_error,
    check_segment,
    check_segmentation_id,
)
from stratiform.services.network.repository import resources
from stratiform.services.network.repository import segments as repository
from stratiform.services.network.service.resource_collection import ResourceCollection, ResourceDependencies

_NONE: Mapping[str, Any] = dict.fromkeys(SEGMENT_FIELDS)


@dataclass(frozen=True, slots=True)
class Segments:
    """Segments. They have the project of their network, which responses do not contain."""

    dependencies: ResourceDependencies

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(
            SEGMENT,
            resolve_owner=_resolve_owner,
            prepare=_prepare,
            after_create=lambda ctx, segment: _copy_to_network(ctx, segment["network_id"]),
            before_delete=_before_delete,
            build_duplicate_error=lambda _ctx, segment: build_in_use_error(segment.values),
        )

    def list_by_network(self, db: Connection, network_ids: Sequence[str]) -> Mapping[str, Sequence[Resource]]:
        """Return the segments of each network, oldest first, without a policy check."""
        return repository.list_segments(db, network_ids)


def _resolve_owner(ctx: RequestContext, values: Attributes, _project_id: str | None) -> str:
    network = resources.networks.find(ctx.db, values["network_id"])
    if network is None:
        raise NetworkNotFound(values["network_id"])
    return network.project_id


def _prepare(ctx: RequestContext, segment: Resource) -> Resource:
    if segment["network_type"] is None:
        raise BadRequest("Invalid input for network_type. Reason: 'None' is not a valid string.")
    check_segment(segment.values)
    if not resources.lock_network(ctx.db, segment["network_id"]):
        raise NetworkNotFound(segment["network_id"])
    return replace(segment, values={**segment.values, "fingerprint": build_fingerprint(segment.values)})


def _before_delete(ctx: RequestContext, segment: Resource) -> None:
    """Raises SegmentInUse. The lock of the network is that of new subnets."""
    resources.lock_network(ctx.db, segment["network_id"])
    subnet_ids = repository.list_subnet_ids(ctx.db, segment.id)
    if subnet_ids:
        raise SegmentInUse(segment.id, ", ".join(subnet_ids))
    _copy_to_network(ctx, segment["network_id"], without=segment.id)


def _copy_to_network(ctx: RequestContext, network_id: str, without: str = "") -> None:
    """Set the provider attributes of a network to those of its segment; none if it has several."""
    segments = [item for item in repository.list_segments(ctx.db, [network_id])[network_id] if item.id != without]
    repository.save_provider_values(ctx.db, network_id, segments[0].values if len(segments) == 1 else _NONE)


def read_new_segments(attributes: Attributes) -> tuple[Attributes, Sequence[Attributes]]:
    """Return the attributes of a new network without `segments`, and the values of its segments: one by default.

    Raises: SegmentsSetInConjunctionWithProviders, InvalidInput.
    """
    provider = {name: attributes.get(f"provider_{name}") for name in SEGMENT_FIELDS}
    others = {name: value for name, value in attributes.items() if name != "segments"}
    requested = attributes.get("segments")
    segments = [{**_NONE, **segment} for segment in requested or [provider]]
    if requested and any(provider.values()):
        raise SegmentsSetInConjunctionWithProviders
    for segment in segments:
        check_segment(segment)
    if len(segments) == 1:
        others |= {f"provider_{name}": value for name, value in segments[0].items()}
    return others, segments


def create_segments(ctx: RequestContext, ids: Ids, network: Network, segments: Sequence[Attributes]) -> None:
    """Insert the segments of a new network. Raises: FlatNetworkInUse, VlanIdInUse, TunnelIdInUse."""
    for values in segments:
        stored = {**values, "network_id": network.id, "fingerprint": build_fingerprint(values)}
        segment = Resource(ids.uuid(), network.project_id, ctx.now, ctx.now, values=stored)
        try:
            repository.insert_segment(ctx.db, segment)
        except IntegrityError as error:
            raise build_in_use_error(values) from error


def update_provider_values(ctx: RequestContext, network: Network, changes: Attributes) -> None:
    """Change the segment of a network whose provider attributes change.

    Raises: InvalidInput, also for a network with several segments; FlatNetworkInUse, VlanIdInUse, TunnelIdInUse.
    """
    names = [name for name in SEGMENT_FIELDS if f"provider_{name}" in changes]
    if not names:
        return
    segments = repository.list_segments(ctx.db, [network.id])[network.id]
    if len(segments) != 1:
        raise InvalidInput("Plugin does not support updating provider attributes of a network with several segments")
    values = {**segments[0].values, **{name: changes[f"provider_{name}"] for name in names}}
    check_segmentation_id(values)
    values["fingerprint"] = build_fingerprint(values)
    updated = replace(segments[0], values=values, updated_at=ctx.now, revision=segments[0].revision + 1)
    try:
        repository.save_segment(ctx.db, updated)
    except IntegrityError as error:
        raise build_in_use_error(values) from error


def require_segment(ctx: RequestContext, network_id: str, segment_id: str | None, subnets: Sequence[Subnet]) -> None:
    """Check the segment of a new subnet on a locked network. `subnets`: the others of the network.

    Raises: SubnetsNotAllAssociatedWithSegments, SegmentNotFound, NetworkIdsDontMatch.
    """
    if any((subnet.segment_id is None) != (segment_id is None) for subnet in subnets):
        raise SubnetsNotAllAssociatedWithSegments(network_id)
    if segment_id is None:
        return
    segment = repository.find_segment(ctx.db, segment_id)
    if segment is None:
        raise SegmentNotFound(segment_id)
    if segment["network_id"] != network_id:
        raise NetworkIdsDontMatch(network_id, segment_id)


def require_segment_change(ctx: RequestContext, subnet: Subnet, segment_id: str | None) -> None:
    """Check another segment of a subnet. Raises as `require_segment`, SubnetSegmentAssociationChangeNotAllowed,
    NoUpdateSubnetWhenMultipleSegmentsOnNetwork.
    """
    network_id = subnet.network_id
    resources.lock_network(ctx.db, network_id)
    if len(resources.list_subnets_by_network(ctx.db, [network_id])[network_id]) > 1:
        raise SubnetsNotAllAssociatedWithSegments(network_id)
    if subnet.segment_id is not None:
        raise SubnetSegmentAssociationChangeNotAllowed
    if len(repository.list_segments(ctx.db, [network_id])[network_id]) > 1:
        raise NoUpdateSubnetWhenMultipleSegmentsOnNetwork(network_id)
    require_segment(ctx, network_id, segment_id, [])
