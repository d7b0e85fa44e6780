"""Responses of pools, placement policies and explanations, and quotas of cloud accounts."""

from collections.abc import Sequence

from stratiform.interfaces.rest.schemas import placement as schemas
from stratiform.kit.clock import format_iso
from stratiform.services.clouds.model import Pool, PoolMember
from stratiform.services.clouds.model.placement import Evaluation, PlacementPolicy


def pool(pool: Pool, members: Sequence[PoolMember]) -> schemas.Pool:
    clouds = [schemas.PoolMember(member.cloud_name, member.cloud_id, member.native_zone) for member in members]
    return schemas.Pool(pool.id, pool.name, format_iso(pool.created_at), clouds)


def placement_policy(policy: PlacementPolicy) -> schemas.PlacementPolicy:
    return schemas.PlacementPolicy(policy.owner_id, [*policy.weighers], policy.price_plan)


def placement_candidates(evaluations: Sequence[Evaluation]) -> list[schemas.PlacementCandidate]:
    """Accepted clouds are numbered in their order."""
    return [_candidate(evaluation, rank) for rank, evaluation in enumerate(evaluations, start=1)]


def _candidate(evaluation: Evaluation, rank: int) -> schemas.PlacementCandidate:
    binding, refusal = evaluation.candidate.binding, evaluation.refusal
    return schemas.PlacementCandidate(
        cloud=binding.cloud_name,
        cloud_id=binding.cloud_id,
        zone=binding.zone,
        pool=binding.pool_name,
        rank=rank if refusal is None else None,
        filter=refusal.filter if refusal else "",
        reason=refusal.reason if refusal else "",
        weights=[
            schemas.PlacementWeight(weight.weigher, str(weight.value), weight.text) for weight in evaluation.weights
        ],
    )
