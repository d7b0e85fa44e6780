"""Inclusion proofs, consistency proofs and tiles of the ledger's log."""

from dataclasses import dataclass

from stratiform.kit import merkle_tree
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.services.ledger.model import EventRecord
from stratiform.services.ledger.service import LedgerService
from stratiform.services.proof import policy
from stratiform.services.proof.model.event_projects import list_projects

#: Events of one message that an error lists.
_MAX_PARTS = 20


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """The proof that the leaf `index` is in the log of `size` events.

    `record` is the text of the leaf if the caller may read it.
    """

    index: int
    size: int
    leaf: bytes
    proof: list[bytes]
    record: bytes | None = None


@dataclass(frozen=True, slots=True)
class InclusionProofs:
    """Inclusion proofs of events."""

    ledger: LedgerService

    def get(self, ctx: RequestContext, index: int, size: int | None = None) -> InclusionProof:
        """Return the proof that event `index` is in the log of `size` events, or in the current log.

        Raises: NotFound; Invalid.
        """
        policy.LOG_READ.require(ctx.caller, None)
        size = resolve_log_size(ctx.db, self.ledger, size)
        if not 0 <= index < size:
            raise NotFound(f"Event {index} could not be found in the log of {size} events.")
        tile_reader = self.ledger.merkle_log.build_tile_reader(ctx.db)
        records = [record for _, record in self.ledger.events.iterate_records(ctx.db, index, index + 1)]
        text = next((record.encode() for record in records if self._may_read(ctx, record)), None)
        leaf, proof = merkle_tree.get_leaf(tile_reader, index), merkle_tree.prove_inclusion(tile_reader, index, size)
        return InclusionProof(index, size, leaf, proof, text)

    def get_by_message(
        self, ctx: RequestContext, cloud: str, message_id: str, size: int | None = None
    ) -> InclusionProof:
        """Return the proof for the message id of an event.

        The part of the id after `#` may be omitted if the caller may read only one event of the message.

        Raises: NotFound, also for an event of another project; Conflict if the message has several events.
        """
        policy.LOG_READ.require(ctx.caller, None)
        index = self.ledger.events.find_number(ctx.db, cloud, message_id)
        events = [(message_id, index)] if index is not None else []
        if index is None:
            events = [*self.ledger.events.list_message_events(ctx.db, cloud, message_id, _MAX_PARTS)]
        proofs = {key: self.get(ctx, number, size) for key, number in events}
        readable = {key: proof for key, proof in proofs.items() if proof.record is not None}
        if not readable:
            raise NotFound(
                f"Event {message_id} of cloud {cloud} could not be found.", hint="it may belong to another `cloud`"
            )
        if len(readable) > 1:
            raise Conflict(f"Message {message_id} has several events.", hint=f"use one of: {', '.join(readable)}")
        return next(iter(readable.values()))

    def _may_read(self, ctx: RequestContext, record: EventRecord) -> bool:
        """Return True if the caller may read all usage, or the event is of the caller's project only."""
        if self.ledger.access.allows_all(ctx.caller):
            return True
        projects = list_projects(record)
        return len(projects) == 1 and all(self.ledger.access.allows(ctx.caller, each) for each in projects)


@dataclass(frozen=True, slots=True)
class ConsistencyProofs:
    """Consistency proofs of the log."""

    ledger: LedgerService

    def get(self, ctx: RequestContext, old: int, new: int | None = None) -> tuple[int, list[bytes]]:
        """Return the size `new` (or the current one) and the proof that its log begins with that of size `old`.

        Raises: Invalid.
        """
        policy.LOG_READ.require(ctx.caller, None)
        size = resolve_log_size(ctx.db, self.ledger, new)
        return size, prove_consistency(ctx.db, self.ledger, old, size)


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tiles with the hashes of the log."""

    ledger: LedgerService

    def get(self, ctx: RequestContext, level: int, number: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile. Raises: NotFound."""
        policy.LOG_READ.require(ctx.caller, None)
        hashes = self.ledger.merkle_log.build_tile_reader(ctx.db)(level, number)[: width * merkle_tree.HASH_BYTES]
        if len(hashes) != width * merkle_tree.HASH_BYTES or not width:
            raise NotFound(f"Tile {level}/{number} with {width} hashes could not be found.")
        return hashes


def resolve_log_size(db: Connection, ledger: LedgerService, size: int | None) -> int:
    """Return `size`, or the current size of the log. Raises: Invalid if the log is smaller."""
    current = ledger.merkle_log.get_size(db)
    if size is not None and size > current:
        raise Invalid(f"The log has only {current} events, fewer than the requested size of {size}.")
    return current if size is None else size


def prove_consistency(db: Connection, ledger: LedgerService, old: int, new: int) -> list[bytes]:
    """Return the proof that the log of `new` events begins with that of `old` events. Raises: Invalid."""
    if old > new:
        raise Invalid(f"The log of {new} events cannot be a continuation of the log of {old} events.")
    return merkle_tree.prove_consistency(ledger.merkle_log.build_tile_reader(db), old, new)
