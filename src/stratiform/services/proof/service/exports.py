"""Exports of the ledger that can be verified offline."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform import __version__
from stratiform.kit import merkle_tree
from stratiform.kit.clock import format_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.signed_notes import sign_note
from stratiform.kit.signing_keys import SigningKeys
from stratiform.services.ledger.model import EventRecord, Resource, UsageFilter, find_parent
from stratiform.services.ledger.service import EventHistory, LedgerService
from stratiform.services.proof.model.event_projects import build_read_check
from stratiform.services.proof.model.export_digests import ExportDigest
from stratiform.services.proof.model.export_lines import (
    FORMAT,
    EndLine,
    EventLine,
    ExportLine,
    HeaderLine,
    ResourceLine,
    SegmentLine,
    WithheldEventLine,
    encode_line,
)
from stratiform.services.proof.service.checkpoints import Checkpoints
from stratiform.services.proof.service.proofs import prove_consistency

#: Resources read at once.
_READ_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Export:
    """An export: its filter, its position in the ledger, the size of the log there, and its first line."""

    usage_filter: UsageFilter
    position: int
    size: int
    header: HeaderLine


@dataclass(frozen=True, slots=True)
class Exports:
    """Exports events with their inclusion proofs, and the segments that follow from them."""

    ledger: LedgerService
    checkpoints: Checkpoints
    keys: SigningKeys

    def create(self, ctx: RequestContext, usage_filter: UsageFilter, after: int | None = None) -> Export:
        """Create an export by project, period and `as_of`, with a proof of consistency with the first `after` events.

        The checkpoint is stored. Raises: Forbidden; Invalid; NotFound for another project than the caller's.
        """
        restricted = self.ledger.access.restrict_filter(ctx, usage_filter)
        position = self.ledger.positions.get_current_position(ctx.db)
        if usage_filter.as_of is not None:
            position = min(position, usage_filter.as_of)
        size = self.ledger.merkle_log.get_size(ctx.db, position)
        header = HeaderLine(
            format=FORMAT,
            made_by=f"stratiform {__version__}",
            position=position,
            since=None if usage_filter.since is None else format_iso(usage_filter.since),
            until=None if usage_filter.until is None else format_iso(usage_filter.until),
            project_id=restricted.project_id,
            checkpoint=self.checkpoints.create(ctx.db, ctx.now, size).note,
            keys=self.keys.list_key_notes(),
            consistent_with=after,
            consistency=[] if after is None else prove_consistency(ctx.db, self.ledger, after, size),
        )
        return Export(replace(restricted, as_of=position), position, size, header)

    def iterate_lines(self, db: Connection, export: Export) -> Iterator[bytes]:
        """Yield the lines of an export, in constant memory except for one number per event."""
        digest = ExportDigest(self.keys.get_signer().name, export.size)
        yield digest.add(encode_line(export.header))
        tree = merkle_tree.TreeProver(self.ledger.merkle_log.build_tile_reader(db), export.size)
        for history in self._iterate_histories(db, export):
            may_read = build_read_check([record for _, record in history.records], export.usage_filter.project_id)
            yield digest.add(encode_line(ResourceLine(*history.resource, events=len(history.records))))
            for index, record in history.records:
                line = _make_event_line(tree, index, record, is_readable=may_read(record))
                yield digest.add(encode_line(line), index)
            for segment in history.segments:
                yield digest.add(encode_line(SegmentLine.from_segment(segment)))
        yield encode_line(EndLine(sign_note(str(digest), self.keys.get_signer())))

    def _iterate_histories(self, db: Connection, export: Export) -> Iterator[EventHistory]:
        """Yield the matching resources and their ancestors, each once, parents before children."""
        ids = self.ledger.events.list_used_ids(db, export.usage_filter, export.position)
        exported: set[int] = set()
        for start in range(0, len(ids), _READ_AT_ONCE):
            chunk = [each for each in ids[start : start + _READ_AT_ONCE] if each not in exported]
            histories, parents = self._read_with_parents(db, export, chunk, exported)
            exported.update(histories)
            for resource_id in sorted(histories):
                yield from _pop_with_parents(resource_id, histories, parents)

    def _read_with_parents(
        self, db: Connection, export: Export, ids: Sequence[int], exported: Collection[int]
    ) -> tuple[dict[int, EventHistory], dict[int, int]]:
        """Return the resources and their ancestors that are not exported yet, and the parent of each."""
        loaded: dict[int, EventHistory] = {}
        parents: dict[int, int] = {}
        while ids:
            histories = self.ledger.events.list_histories(db, ids, export.usage_filter, export.position, export.size)
            loaded |= {history.id: history for history in histories}
            resources = {history.id: parent for history in histories if (parent := _find_parent(history)) is not None}
            parent_ids = self.ledger.resources.find_ids(db, set(resources.values()))
            parents |= {child: parent_ids[parent] for child, parent in resources.items() if parent in parent_ids}
            ancestors = {parents[each] for each in ids if each in parents}
            ids = sorted(each for each in ancestors if each not in loaded and each not in exported)
        return loaded, parents


def _pop_with_parents(
    resource_id: int | None, histories: dict[int, EventHistory], parents: Mapping[int, int]
) -> Iterator[EventHistory]:
    """Remove a resource and its ancestors from `histories`; return them, ancestors first."""
    path = []
    while resource_id in histories:
        path.append(histories.pop(resource_id))
        resource_id = parents.get(resource_id)
    return reversed(path)


def _find_parent(history: EventHistory) -> Resource | None:
    """Return the resource with which this one ends."""
    return find_parent(history.resource, [record.statement for _, record in history.records if "parent" in record.fact])


def _make_event_line(tree: merkle_tree.TreeProver, index: int, record: EventRecord, *, is_readable: bool) -> ExportLine:
    text, proof = record.encode(), tree.prove_inclusion(index)
    if is_readable:
        return EventLine(index, text.decode(), proof)
    return WithheldEventLine(index, merkle_tree.compute_leaf_hash(text), proof)
