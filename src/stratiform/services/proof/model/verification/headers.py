"""Verification of the header of an export: keys, checkpoint and consistency with an earlier checkpoint."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stratiform.kit import merkle_tree
from stratiform.kit.clock import Micros
from stratiform.kit.errors import Invalid
from stratiform.kit.signed_notes import Checkpoint, Verifier, verify_note
from stratiform.kit.signing_keys import format_signers, list_trusted_verifiers
from stratiform.services.proof.model.export_lines import FORMAT, HeaderLine, decode_line, parse_period
from stratiform.services.proof.model.verification.reports import VerificationReport


@dataclass(frozen=True, slots=True)
class ExportScope:
    """The log of an export with its trusted keys, and the filter of the export."""

    log: Checkpoint
    verifiers: Sequence[Verifier]
    since: Micros | None
    until: Micros | None
    project_id: str | None

    @property
    def is_unfiltered(self) -> bool:
        """True if the export must have every event of the log."""
        return self.since is None and self.until is None and self.project_id is None


def read_checkpoint(text: bytes, trusted: Iterable[Verifier]) -> Checkpoint:
    """Return the checkpoint of an export, or of a signed note.

    Raises: Invalid, also if it is signed neither by a trusted key nor by a successor of one.
    """
    first_line = text.partition(b"\n")[0]
    if not first_line.startswith(b"{"):
        return Checkpoint.parse(verify_note(text.decode(errors="replace"), trusted)[0])
    header = decode_line(first_line)
    if not isinstance(header, HeaderLine):
        raise Invalid("not an export or a checkpoint")
    return Checkpoint.parse(verify_note(header.checkpoint, list_trusted_verifiers(header.keys, trusted))[0])


def verify_header(
    header: HeaderLine, trusted: Iterable[Verifier], earlier: Checkpoint | None, report: VerificationReport
) -> ExportScope | None:
    """Verify the header; return None if the rest of the export cannot be verified."""
    if header.format != FORMAT:
        report.failures.append(f"unsupported format {header.format}: this version supports {FORMAT}")
        return None
    verifiers = list_trusted_verifiers(header.keys, trusted)
    signers = format_signers(header.checkpoint)
    try:
        since, until = parse_period(header)
        text, signed_by = verify_note(header.checkpoint, verifiers)
        log = Checkpoint.parse(text)
    except Invalid as error:
        report.failures.append(f"invalid checkpoint: {error.message} (signed by {signers})")
        return None
    if all(verifier.name != log.origin for verifier in signed_by):
        report.failures.append(f"the checkpoint of {log.origin} is signed by {signers}")
    report.checkpoint = log
    if earlier is not None:
        failure = _verify_consistency(header, log, earlier)
        report.failures += [] if failure is None else [failure]
    return ExportScope(log, verifiers, since, until, header.project_id)


def _verify_consistency(header: HeaderLine, log: Checkpoint, earlier: Checkpoint) -> str | None:
    """Return why the log does not continue the one of an earlier checkpoint."""
    description = f"the earlier checkpoint of {earlier.size} events"
    if earlier.origin != log.origin:
        return f"{description} is from another ledger: {earlier.origin}"
    if earlier.size > log.size:
        return f"{description} has more events than the log of this export ({log.size})"
    if earlier.size == log.size:
        return None if earlier.root == log.root else f"{description} has a different root: the ledger was rewritten"
    if header.consistent_with != earlier.size:
        return f"the export has no proof of consistency with {description}: export it with `--since`"
    if merkle_tree.verify_consistency(earlier.size, log.size, earlier.root, log.root, header.consistency):
        return None
    return f"the log is not consistent with {description}: the ledger was rewritten, or the proof is corrupt"
