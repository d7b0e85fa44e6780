"""The manifest of proofs."""

from stratiform.services.ledger.service import LedgerService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables
from stratiform.services.proof import policy, tables, tasks
from stratiform.services.proof.service import ProofService


def _build(env: ServiceEnvironment, registry: ServiceRegistry) -> ProofService:
    return ProofService.build(registry.get(LedgerService), env.ledger_keys)


manifest = ServiceManifest(
    name="proof",
    build=_build,
    tables=list_declared_tables(tables),
    rules=policy.RULES,
    handlers=lambda registry: tasks.build_handlers(registry.get(ProofService)),
    recurring=("proof.checkpoint", "proof.checkpoint_pruning"),
)
