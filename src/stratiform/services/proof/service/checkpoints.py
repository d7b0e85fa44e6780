"""Signed checkpoints of the ledger's log."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit import merkle_tree
from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.signed_notes import Checkpoint, Signer, sign_note, verify_note
from stratiform.kit.signing_keys import SigningKeys
from stratiform.services.ledger.service import LedgerService
from stratiform.services.proof import policy, repository
from stratiform.services.proof.errors import LogRewritten
from stratiform.services.proof.model import SignedCheckpoint


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Signed checkpoints, which never contradict earlier ones."""

    ledger: LedgerService
    keys: SigningKeys

    def get(self, ctx: RequestContext) -> SignedCheckpoint:
        """Return the checkpoint of the current log; sign and store it if necessary.

        Raises: LogRewritten; Conflict if this home does not have the ledger's keys.
        """
        policy.LOG_READ.require(ctx.caller, None)
        return self.create(ctx.db, ctx.now)

    def list_key_notes(self, ctx: RequestContext) -> Sequence[str]:
        """Return the notes with the public keys, the oldest first (see `kit.signing`)."""
        policy.LOG_READ.require(ctx.caller, None)
        return self.keys.list_key_notes()

    def create(self, db: Connection, now: Micros, size: int | None = None) -> SignedCheckpoint:
        """Return the stored checkpoint of the log of `size` events, or of the current log.

        Sign and store it if there is none, or only one by a replaced key. Raises: LogRewritten; Conflict.
        """
        if size is None:
            size = self.ledger.merkle_log.get_size(db)
        signer = self.keys.get_signer()
        stored, newest = repository.checkpoints.find(db, size), repository.checkpoints.find_newest(db)
        checkpoint = Checkpoint(
            signer.name, size, merkle_tree.compute_root(self.ledger.merkle_log.build_tile_reader(db), size)
        )
        self._check_consistency(db, checkpoint, [each.note for each in (stored, newest) if each is not None])
        if stored is not None and _is_signed_by(signer, stored):
            return stored
        created = SignedCheckpoint(size, now, sign_note(str(checkpoint), signer))
        repository.checkpoints.save(db, created)
        if newest is None or newest.size <= size:
            self.keys.save_last_note(created.note)
        return created

    def prune(self, db: Connection, before: Micros) -> None:
        """Delete checkpoints before `before`, except for the last one of each hour."""
        repository.checkpoints.prune_checkpoints(db, before)

    def _check_consistency(self, db: Connection, checkpoint: Checkpoint, notes: Sequence[str]) -> None:
        """Check that the checkpoint does not contradict earlier ones. Raises: LogRewritten; Conflict."""
        tile_reader, verifiers = self.ledger.merkle_log.build_tile_reader(db), self.keys.list_verifiers()
        last = self.keys.read_last_note()
        for note in {*notes, *([] if last is None else [last])}:
            try:
                signed = Checkpoint.parse(verify_note(note, verifiers)[0])
            except Invalid as error:
                raise Conflict(
                    "The ledger's checkpoints are signed by a key that this home does not have.",
                    hint="copy the directory keys/ledger from the home in which they were signed",
                ) from error
            old, new = sorted([signed, checkpoint], key=lambda each: each.size)
            try:
                proof = merkle_tree.prove_consistency(tile_reader, old.size, new.size)
            except merkle_tree.MissingTile as error:
                raise LogRewritten(signed.size) from error
            if not merkle_tree.verify_consistency(old.size, new.size, old.root, new.root, proof):
                raise LogRewritten(signed.size)


def _is_signed_by(signer: Signer, checkpoint: SignedCheckpoint) -> bool:
    try:
        verify_note(checkpoint.note, [signer.verifier])
    except Invalid:
        return False
    return True
