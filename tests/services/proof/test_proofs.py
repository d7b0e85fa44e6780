"""Inclusion proofs, consistency proofs and tiles."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stratiform.kit import merkle_tree
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.services.proof.service import InclusionProof
from support.exports import checkpoint, ingest
from support.money import disk, machine
from support.stacks import ServiceHarness, customer


@contextmanager
def read(stack: ServiceHarness, caller: Caller = SYSTEM) -> Iterator[RequestContext]:
    with stack.services.database.read_transaction() as db:
        yield stack.ctx(db, caller)


def get_inclusion(
    stack: ServiceHarness, index: int, size: int | None = None, caller: Caller = SYSTEM
) -> InclusionProof:
    with read(stack, caller) as ctx:
        return stack.services.proof.inclusion_proofs.get(ctx, index, size)


def get_inclusion_by_message(
    stack: ServiceHarness, message_id: str, caller: Caller = SYSTEM, cloud: str = "dc-1"
) -> InclusionProof:
    with read(stack, caller) as ctx:
        return stack.services.proof.inclusion_proofs.get_by_message(ctx, cloud, message_id)


@pytest.fixture
def three_events(any_harness: ServiceHarness) -> ServiceHarness:
    """A ledger with events of the servers m1 (p1) and m2 (p2) and of the volume v1 (p1)."""
    servers = machine("m1", "p1", "2026-01-01"), machine("m2", "p2", "2026-01-01")
    ingest(any_harness, *servers, disk("v1", "p1", "2026-01-01"))
    return any_harness


def test_inclusion_proofs_verify(three_events: ServiceHarness) -> None:
    root = checkpoint(three_events).root
    for index in range(3):
        inclusion = get_inclusion(three_events, index)
        assert merkle_tree.verify_inclusion(inclusion.leaf, index, 3, inclusion.proof, root)
        assert inclusion.record is not None
        assert merkle_tree.compute_leaf_hash(inclusion.record) == inclusion.leaf
    with pytest.raises(NotFound, match="Event 3 could not be found in the log of 3 events"):
        get_inclusion(three_events, 3)
    with pytest.raises(Invalid, match="The log has only 3 events, fewer than the requested size of 4"):
        get_inclusion(three_events, 3, 4)


def test_a_project_reads_its_own_records_only(three_events: ServiceHarness) -> None:
    reader = customer("p1")
    other = get_inclusion(three_events, 1, caller=reader)
    assert (other.record, len(other.proof)) == (None, 2)
    own = get_inclusion(three_events, 0, 1, caller=reader)
    assert (own.size, own.proof) == (1, [])
    assert own.record is not None
    record = json.loads(own.record)
    assert record["resource_id"] == "m1"
    assert get_inclusion_by_message(three_events, record["message_id"]).index == 0
    assert get_inclusion_by_message(three_events, record["message_id"], reader).index == 0
    with pytest.raises(NotFound):
        get_inclusion_by_message(three_events, record["message_id"], customer("p2"))
    with pytest.raises(NotFound):
        get_inclusion_by_message(three_events, record["message_id"], cloud="dc-2")


def test_consistency_proofs_and_tiles_verify(three_events: ServiceHarness) -> None:
    root, proof_service = checkpoint(three_events).root, three_events.services.proof
    with read(three_events) as ctx:
        size, proof = proof_service.consistency_proofs.get(ctx, 2)
        leaves = proof_service.tiles.get(ctx, 0, 0, 3)
        old_root = merkle_tree.compute_root(lambda *_: leaves, 2)
        assert merkle_tree.verify_consistency(2, size, old_root, root, proof)
        with pytest.raises(Invalid):
            proof_service.consistency_proofs.get(ctx, 3, 2)
        for level, number, width in ((0, 0, 4), (0, 1, 1), (1, 0, 1), (0, 0, 0)):
            with pytest.raises(NotFound):
                proof_service.tiles.get(ctx, level, number, width)
