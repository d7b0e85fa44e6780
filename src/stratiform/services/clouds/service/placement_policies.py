"""Placement policies of projects, and turns of clouds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import PlacementPolicyNotFound
from stratiform.services.clouds.model import UNBOUND_PROJECTS, Binding
from stratiform.services.clouds.model.placement import PlacementPolicy, Weigher
from stratiform.services.clouds.repository import placement as repository
from stratiform.services.clouds.service.price_estimates import PriceEstimates


@dataclass(frozen=True, slots=True)
class PlacementPolicies:
    """The policies by which clouds are chosen for new servers. `prices` are those that `cheapest` compares."""

    prices: PriceEstimates

    def list(self, ctx: RequestContext) -> Sequence[PlacementPolicy]:
        """Return all policies, that of the projects without one first."""
        policy.PLACEMENT_POLICIES_LIST.require(ctx.caller, None)
        return repository.list_policies(ctx.db)

    def set(self, ctx: RequestContext, owner_id: str, weighers: Sequence[str], price_plan: str = "") -> PlacementPolicy:
        """Set the policy of a project, or with `UNBOUND_PROJECTS` that of all projects without one.

        Raises: Invalid for an unknown or repeated weigher, and unless exactly `cheapest` has a price plan.
        """
        policy.PLACEMENT_POLICIES_SET.require(ctx.caller, None)
        chosen = PlacementPolicy(owner_id, tuple(map(_parse_weigher, weighers)), price_plan)
        if len(set(chosen.weighers)) != len(chosen.weighers):
            raise Invalid(f"`weighers` has one twice: {', '.join(weighers)}")
        if (Weigher.CHEAPEST in chosen.weighers) != bool(price_plan):
            raise Invalid("`price_plan` is required for the weigher 'cheapest', and only for it")
        if price_plan:
            self.prices.require_plan(ctx.db, price_plan)
        repository.save_policy(ctx.db, chosen)
        return chosen

    def delete(self, ctx: RequestContext, owner_id: str) -> None:
        """Delete the policy of a project: that of all projects without one applies. Raises: PlacementPolicyNotFound."""
        policy.PLACEMENT_POLICIES_SET.require(ctx.caller, None)
        if not repository.delete_policy(ctx.db, owner_id):
            owner = "Projects without a policy have" if owner_id == UNBOUND_PROJECTS else f"Project {owner_id} has"
            raise PlacementPolicyNotFound(f"{owner} no placement policy")

    def find(self, db: Connection, project_id: str) -> PlacementPolicy:
        """Return the policy that applies to a project, without a policy check."""
        return repository.find_policy(db, project_id)

    def lock_turns(self, db: Connection, chosen: PlacementPolicy) -> None:
        """Wait for other placements that take turns by this policy, until the transaction ends."""
        if Weigher.ROUND_ROBIN in chosen.weighers:
            repository.lock_policy(db, chosen.owner_id)

    def list_turns(self, db: Connection, chosen: PlacementPolicy) -> Mapping[str, int]:
        """Return the number of the last turn of each cloud by its id; {} for a policy without turns."""
        return repository.list_turns(db, chosen.owner_id) if Weigher.ROUND_ROBIN in chosen.weighers else {}

    def save_turns(self, db: Connection, chosen: PlacementPolicy, bindings: Sequence[Binding]) -> None:
        """Record the placement of servers on these bindings, in this order."""
        if Weigher.ROUND_ROBIN not in chosen.weighers:
            return
        turns = repository.list_turns(db, chosen.owner_id)
        next_turn = max(turns.values(), default=0) + 1
        last = {binding.cloud_id: next_turn + index for index, binding in enumerate(bindings)}
        for cloud_id, turn in last.items():
            repository.save_turn(db, chosen.owner_id, cloud_id, turn)


def _parse_weigher(name: str) -> Weigher:
    if name not in set(Weigher):
        raise Invalid(f"unknown weigher '{name}'", hint=f"weighers: {', '.join(Weigher)}")
    return Weigher(name)
