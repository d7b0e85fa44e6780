"""Placement of new servers: reads the state of a project's clouds, and has the clouds' model choose among them."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from stratiform.contract import registry
from stratiform.contract.server_operations import ServerOperation
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Fault, Invalid
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import AccountQuotaExceeded
from stratiform.services.clouds.model import Binding, Cloud
from stratiform.services.clouds.model.account_quotas import EACH, AccountLimit, Amounts, QuotaScope, QuotaState
from stratiform.services.clouds.model.placement import (
    Candidate,
    Evaluation,
    Filter,
    PlacementPolicy,
    PlacementRequest,
    Refusal,
    Weigher,
    evaluate,
    merge_labels,
    parse_labels,
    select_bindings,
)
from stratiform.services.clouds.service import CloudsService
from stratiform.services.clouds.service.account_quotas import read_scope_usage
from stratiform.services.clouds.service.price_estimates import PricedServer
from stratiform.services.compute.errors import NoValidHost
from stratiform.services.compute.model.flavors import FlavorSnapshot
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.repository import service_states
from stratiform.services.compute.repository.cloud_usage import (
    compute_cloud_usage,
    count_servers_by_cloud,
    measure_flavor,
)
from stratiform.services.compute.service.server_groups import GroupConstraint
from stratiform.services.image.service import ImageService

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerDemands:
    """What new servers require of a cloud. `image_id` "": they boot from a volume.

    `hints` are the scheduler hints of the request. `cloud_ids`: the clouds of existing volumes and snapshots that the
    servers use. `operations`: what the cloud must support.
    """

    project_id: str
    user_id: str
    flavor: FlavorSnapshot
    image_id: str
    zone: str | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    cloud_ids: frozenset[str] = frozenset()
    operations: tuple[ServerOperation, ...] = ()
    group: GroupConstraint | None = None

    def build_request(self) -> PlacementRequest:
        """Raises: Invalid if the labels of the flavor and of the hints contradict each other."""
        labels = merge_labels(parse_labels(self.flavor["extra_specs"]), parse_labels(self.hints))
        return PlacementRequest(
            needs=measure_flavor(self.flavor, volume_backed=not self.image_id),
            zone=self.zone or None,
            labels=labels,
            data_clouds=self.cloud_ids or None,
            group_clouds=self.group.cloud_ids if self.group else None,
            together=bool(self.group and self.group.together),
        )


@dataclass(frozen=True, slots=True)
class Placement:
    """Chooses the clouds of new servers."""

    clouds: CloudsService
    image: ImageService

    def select(self, ctx: RequestContext, demands: ServerDemands, min_count: int, count: int) -> Sequence[Binding]:
        """Return the bindings for `count` servers, or for at least `min_count` if quotas of accounts allow no more.

        The caller has locked the project's quota. Accounts with quotas stay locked until the transaction ends.
        Raises: ProjectNotBound, Invalid, NoValidHost, AccountQuotaExceeded.
        """
        request = demands.build_request()
        self._require_zone(ctx, demands)
        chosen = self.clouds.placement_policies.find(ctx.db, demands.project_id)
        self.clouds.placement_policies.lock_turns(ctx.db, chosen)
        candidates = self._list_candidates(ctx, demands, chosen, lock=True)
        placements = select_bindings(request, chosen, candidates, count)
        if len(placements.bindings) < min_count:
            raise _build_error(request, placements.refused)
        self.clouds.placement_policies.save_turns(ctx.db, chosen, placements.bindings)
        return placements.bindings

    def explain(self, ctx: RequestContext, demands: ServerDemands) -> tuple[PlacementPolicy, Sequence[Evaluation]]:
        """Return the policy of the project, and for each of its clouds why it would be taken or refused.

        Raises: Forbidden, ProjectNotBound, Invalid.
        """
        policy.PLACEMENT_EXPLAIN.require(ctx.caller, None)
        self.clouds.bindings.list_in_zone(ctx.db, demands.project_id, None)
        chosen = self.clouds.placement_policies.find(ctx.db, demands.project_id)
        candidates = self._list_candidates(ctx, demands, chosen, lock=False)
        return chosen, evaluate(demands.build_request(), chosen, candidates)

    def reserve_growth(self, ctx: RequestContext, server: Server, new_flavor: FlavorSnapshot) -> None:
        """Check the quotas of the server's cloud account before it is resized. Raises: AccountQuotaExceeded."""
        before, after = (
            measure_flavor(flavor, volume_backed=server.is_volume_backed) for flavor in (server.flavor, new_flavor)
        )
        growth = after.subtract(before)
        owners = {QuotaScope.PROJECT: server.project_id, QuotaScope.USER: server.user_id}
        for state in self._load_quotas(ctx, [server.cloud_id], owners, lock=True).get(server.cloud_id, ()):
            if not state.has_room(growth):
                _log_exceeded(server.cloud_name, state.describe(growth))
                is_own = not state.is_of_account and state.owner_id in (ctx.caller.project_id, ctx.caller.user_id)
                reason = state.describe(growth) if is_own else state.describe_scope()
                raise AccountQuotaExceeded(_capitalize(reason))

    def require_labels(self, ctx: RequestContext, server: Server, new_flavor: FlavorSnapshot) -> None:
        """Check that the server's cloud has the labels that a flavor requires. Raises: NoValidHost, Invalid."""
        required = parse_labels(new_flavor["extra_specs"])
        labels = self.clouds.accounts.get_by_id(ctx.db, server.cloud_id).labels if required else {}
        if any(labels.get(name) != value for name, value in required.items()):
            raise NoValidHost(f"The server's cloud does not have the required labels: {_format_labels(required)}.")

    def list_account_usage(self, ctx: RequestContext, cloud_id: str) -> Sequence[tuple[AccountLimit, int | None]]:
        """Return the limits of a cloud account with what is used of each; None for those of each project or user."""
        usages: dict[tuple[QuotaScope, str], Amounts] = {}
        limits = self.clouds.account_quotas.list(ctx, cloud_id)
        for limit in limits:
            owner = (limit.scope, limit.owner_id)
            if limit.owner_id != EACH and owner not in usages:
                usages[owner] = read_scope_usage(ctx.db, cloud_id, *owner, compute_cloud_usage)
        return [
            (limit, usages[owner].get(limit.resource) if (owner := (limit.scope, limit.owner_id)) in usages else None)
            for limit in limits
        ]

    def _require_zone(self, ctx: RequestContext, demands: ServerDemands) -> None:
        """Raises: ProjectNotBound; Invalid for a zone that no cloud of the project serves."""
        try:
            self.clouds.bindings.list_in_zone(ctx.db, demands.project_id, demands.zone)
        except Conflict as error:
            if demands.zone is None:
                raise
            raise Invalid("The requested availability zone is not available", hint=error.message) from error

    def _list_candidates(
        self, ctx: RequestContext, demands: ServerDemands, chosen: PlacementPolicy, *, lock: bool
    ) -> Sequence[Candidate]:
        bindings = _remove_duplicates(self.clouds.bindings.list_for_project(ctx.db, demands.project_id))
        cloud_ids = sorted({binding.cloud_id for binding in bindings})
        clouds = {cloud.id: cloud for cloud in self.clouds.accounts.list_by_id(ctx.db, cloud_ids)}
        states = service_states.list_states(ctx.db)
        checks = self.clouds.credential_checks.list_by_cloud(ctx.db)
        owners = {QuotaScope.PROJECT: demands.project_id, QuotaScope.USER: demands.user_id}
        quotas = self._load_quotas(ctx, cloud_ids, owners, lock=lock)
        turns = self.clouds.placement_policies.list_turns(ctx.db, chosen)
        servers = count_servers_by_cloud(ctx.db, demands.project_id) if Weigher.SPREAD in chosen.weighers else {}
        with_image = self._find_image_clouds(ctx, demands, chosen, cloud_ids)
        candidates = []
        for binding in bindings:
            cloud, check = clouds[binding.cloud_id], checks.get(binding.cloud_id)
            state = states.get(cloud.id)
            candidates.append(
                Candidate(
                    binding,
                    labels=cloud.labels,
                    credentials=None if check is None else check.status,
                    is_enabled=state is None or not state.disabled,
                    unsupported=tuple(_list_unsupported(cloud, demands.operations)),
                    group_obstacle=_find_group_obstacle(cloud, demands.group),
                    has_image=cloud.id in with_image,
                    servers=servers.get(cloud.id, 0),
                    turn=turns.get(cloud.id, 0),
                    hourly_price=self._estimate_price(ctx, demands, chosen, binding),
                    quotas=quotas.get(cloud.id, ()),
                )
            )
        return candidates

    def _load_quotas(
        self, ctx: RequestContext, cloud_ids: Collection[str], owners: Mapping[QuotaScope, str], *, lock: bool
    ) -> Mapping[str, tuple[QuotaState, ...]]:
        return self.clouds.account_quotas.load_states(ctx.db, cloud_ids, owners, compute_cloud_usage, lock=lock)

    def _find_image_clouds(
        self, ctx: RequestContext, demands: ServerDemands, chosen: PlacementPolicy, cloud_ids: Collection[str]
    ) -> Collection[str]:
        """Return the clouds that have the image already."""
        if Weigher.DATA_LOCATION not in chosen.weighers or not demands.image_id:
            return ()
        return self.image.image_copies.list_clouds(ctx.db, demands.image_id, cloud_ids)

    def _estimate_price(
        self, ctx: RequestContext, demands: ServerDemands, chosen: PlacementPolicy, binding: Binding
    ) -> int | None:
        if Weigher.CHEAPEST not in chosen.weighers:
            return None
        flavor = demands.flavor
        server = PricedServer(
            project_id=demands.project_id,
            cloud_name=binding.cloud_name,
            zone=binding.zone,
            flavor_id=flavor["id"],
            flavor_name=flavor["name"],
            vcpus=flavor["vcpus"],
            ram_mib=flavor["ram"],
            root_gib=flavor["disk"] if demands.image_id else 0,
            ephemeral_gib=flavor["ephemeral"],
        )
        return self.clouds.placement_policies.prices.estimate(ctx.db, chosen.price_plan, server, ctx.now)


def _remove_duplicates(bindings: Sequence[Binding]) -> Sequence[Binding]:
    """Return one binding for each cloud and zone: a project may be bound to a cloud, and to a pool with it."""
    unique: dict[tuple[str, str], Binding] = {}
    for binding in bindings:
        unique.setdefault((binding.cloud_id, binding.zone), binding)
    return list(unique.values())


def _list_unsupported(cloud: Cloud, operations: Sequence[ServerOperation]) -> Sequence[str]:
    """Return why clouds of this kind cannot do what a request needs."""
    if not registry.has_capability(cloud.kind, "compute"):
        return [f"Cloud {cloud.name} does not support servers."]
    reasons = (registry.find_unsupported_reason(cloud.kind, operation) for operation in operations)
    return [reason for reason in reasons if reason is not None]


def _find_group_obstacle(cloud: Cloud, group: GroupConstraint | None) -> str:
    if group is None or not group.needs_support:
        return ""
    return registry.find_unsupported_reason(cloud.kind, ServerOperation.SERVER_GROUP) or ""


def _build_error(request: PlacementRequest, evaluations: Sequence[Evaluation]) -> Fault:
    """Return the error for a request that no cloud accepts: that of the cloud that came closest."""
    order = list(Filter)
    refusals = [
        (evaluation.candidate.binding.cloud_name, evaluation.refusal)
        for evaluation in evaluations
        if evaluation.refusal is not None
    ]
    cloud_name, closest = max(refusals, key=lambda item: order.index(item[1].filter))
    if closest.filter is Filter.QUOTA:
        _log_exceeded(cloud_name, closest.reason)
    return _ERRORS[closest.filter](request, closest)


def _capitalize(text: str) -> str:
    return text[0].upper() + text[1:]


def _describe_labels(request: PlacementRequest, _refusal: Refusal) -> Fault:
    return NoValidHost(f"No cloud has the required labels: {_format_labels(request.labels)}.")


def _format_labels(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in labels.items())


def _log_exceeded(cloud_name: str, reason: str) -> None:
    logger.info("request refused by an account quota cloud=%s reason=%s", cloud_name, reason)


#: The errors that customers get. They show neither labels of clouds nor the usage of accounts: these are for operators.
_ERRORS: Mapping[Filter, Callable[[PlacementRequest, Refusal], Fault]] = {
    Filter.ZONE: lambda _, refusal: NoValidHost(_capitalize(refusal.reason)),
    Filter.DATA: lambda _, refusal: NoValidHost(f"{_capitalize(refusal.reason)}."),
    Filter.SERVICE: lambda _request, _refusal: NoValidHost(),
    Filter.CAPABILITY: lambda _, refusal: Invalid(refusal.reason),
    Filter.GROUP: lambda _, refusal: NoValidHost(refusal.reason),
    Filter.LABEL: _describe_labels,
    Filter.QUOTA: lambda _, refusal: AccountQuotaExceeded(_capitalize(refusal.public_reason or refusal.reason)),
}
