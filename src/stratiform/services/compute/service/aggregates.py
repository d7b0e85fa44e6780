"""Host aggregates. Source: Compute API reference, "Host aggregates (os-aggregates)"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.number_parsing import parse_int
from stratiform.kit.policy import Rule
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import policy
from stratiform.services.compute.errors import AggregateNotFound, ComputeHostNotFound
from stratiform.services.compute.model.aggregates import Aggregate
from stratiform.services.compute.repository import aggregates as repository

#: The metadata item that Nova keeps for the zone.
_ZONE_KEY = "availability_zone"


@dataclass(frozen=True, slots=True)
class Aggregates:
    """Operations of `/os-aggregates`, for operators. Each raises Forbidden."""

    ids: Ids
    clouds: CloudsService

    def list(self, ctx: RequestContext) -> Sequence[Aggregate]:
        policy.AGGREGATES_LIST.require(ctx.caller, None)
        return repository.list_aggregates(ctx.db)

    def get(self, ctx: RequestContext, aggregate_id: str, rule: Rule = policy.AGGREGATES_SHOW) -> Aggregate:
        """Raises AggregateNotFound; Invalid for an id that is not a number."""
        rule.require(ctx.caller, None)
        number = parse_int(aggregate_id)
        if number is None:
            raise Invalid(f"Invalid input for field/attribute id. Value: {aggregate_id}. It is not a number.")
        aggregate = repository.find_for_update(ctx.db, number)
        if aggregate is None:
            raise AggregateNotFound(aggregate_id)
        return aggregate

    def create(self, ctx: RequestContext, name: str, zone: str | None) -> Aggregate:
        """Raises Conflict for a name that exists."""
        policy.AGGREGATES_CREATE.require(ctx.caller, None)
        self._require_free_name(ctx, name)
        aggregate = repository.insert_aggregate(ctx.db, self.ids.uuid(), name, zone, ctx.now)
        if zone is None:
            return aggregate
        return repository.save_aggregate(ctx.db, replace(aggregate, metadata={_ZONE_KEY: zone}))

    def update(
        self, ctx: RequestContext, aggregate_id: str, name: str | None = None, zone: str | None = None
    ) -> Aggregate:
        """Change the values that are not None. Raises AggregateNotFound, Conflict."""
        aggregate = self.get(ctx, aggregate_id, policy.AGGREGATES_UPDATE)
        if name is not None and name != aggregate.name:
            self._require_free_name(ctx, name)
            aggregate = replace(aggregate, name=name)
        if zone is not None:
            metadata = {**aggregate.metadata, _ZONE_KEY: zone}
            aggregate = replace(aggregate, availability_zone=zone, metadata=metadata)
        return self._save(ctx, aggregate)

    def delete(self, ctx: RequestContext, aggregate_id: str) -> None:
        """Raises AggregateNotFound; Invalid if it has hosts."""
        aggregate = self.get(ctx, aggregate_id, policy.AGGREGATES_DELETE)
        if aggregate.hosts:
            raise Invalid(f"Cannot remove host from aggregate {aggregate_id}. Reason: Host aggregate is not empty.")
        repository.delete_aggregate(ctx.db, aggregate.id)

    def add_host(self, ctx: RequestContext, aggregate_id: str, host: str) -> Aggregate:
        """Raises AggregateNotFound, ComputeHostNotFound; Conflict if the aggregate has the host."""
        aggregate = self.get(ctx, aggregate_id, policy.AGGREGATES_ADD_HOST)
        if host not in {cloud.name for cloud in self.clouds.accounts.list_all(ctx.db)}:
            raise ComputeHostNotFound(host)
        if host in aggregate.hosts:
            raise Conflict(f"Aggregate {aggregate_id} already has host {host}.")
        return self._save(ctx, replace(aggregate, hosts=[*aggregate.hosts, host]))

    def remove_host(self, ctx: RequestContext, aggregate_id: str, host: str) -> Aggregate:
        """Raises AggregateNotFound; ComputeHostNotFound if the aggregate does not have the host."""
        aggregate = self.get(ctx, aggregate_id, policy.AGGREGATES_REMOVE_HOST)
        if host not in aggregate.hosts:
            raise ComputeHostNotFound(host)
        return self._save(ctx, replace(aggregate, hosts=[other for other in aggregate.hosts if other != host]))

    def set_metadata(self, ctx: RequestContext, aggregate_id: str, changes: Mapping[str, str | None]) -> Aggregate:
        """Set metadata items, and remove those with the value None. Raises AggregateNotFound."""
        aggregate = self.get(ctx, aggregate_id, policy.AGGREGATES_SET_METADATA)
        merged = {**aggregate.metadata, **changes}
        metadata = {key: value for key, value in merged.items() if value is not None}
        return self._save(ctx, replace(aggregate, metadata=metadata, availability_zone=metadata.get(_ZONE_KEY)))

    def _require_free_name(self, ctx: RequestContext, name: str) -> None:
        if repository.find_by_name(ctx.db, name) is not None:
            raise Conflict(f"Aggregate {name} already exists.")

    def _save(self, ctx: RequestContext, aggregate: Aggregate) -> Aggregate:
        return repository.save_aggregate(ctx.db, replace(aggregate, updated_at=ctx.now))
