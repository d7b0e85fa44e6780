"""Proving what the ledger says: signed checkpoints of its log, proofs, and exports that anyone can check."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform import __version__
from stratiform.kit import merkle
from stratiform.kit.clock import Micros, iso
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.signed_notes import Checkpoint, Signer, open_note, sign_note
from stratiform.services.metering import repository
from stratiform.services.metering.errors import Rewritten
from stratiform.services.metering.model import Filter, Record, Resource, parent_of
from stratiform.services.metering.model.export import (
    FORMAT,
    AnyLine,
    Closing,
    Heading,
    HeldBack,
    Opening,
    Proved,
    Sum,
    Used,
    encoded,
)
from stratiform.services.metering.policy import policy
from stratiform.services.metering.repository import proofs
from stratiform.services.metering.repository.proofs import History, SignedCheckpoint
from stratiform.services.metering.service.reading import Reading

#: Of a message that told more events these are named.
_MOST_NAMED = 20

#: So many resources are read at once.
_READ_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The proof that the leaf `index` is in the log of `size` events. `record` is its text, for whoever may read it."""

    index: int
    size: int
    leaf: bytes
    proof: list[bytes]
    record: bytes | None = None


@dataclass(frozen=True, slots=True)
class Exporting:
    """What is exported: made and allowed once, then written."""

    wanted: Filter
    position: int
    size: int
    opening: Opening


class Proving(Reading):
    """Verbs on the ledger's log."""

    __slots__ = ()

    def checkpoint(self, ctx: RequestContext) -> SignedCheckpoint:
        """The signed checkpoint of the log as it is now; made where there is none yet. Writes.

        Raises Rewritten, and Conflict where this home doesn't have the ledger's keys.
        """
        policy.require(ctx.caller, "usage:log:read", None)
        return self.make_checkpoint(ctx.db, ctx.now)

    def make_checkpoint(self, db: Connection, now: Micros) -> SignedCheckpoint:
        """As `checkpoint`, by the program itself."""
        return self._checkpoint_of(db, repository.ledger.size(db), now)

    def public_keys(self, ctx: RequestContext) -> list[str]:
        """The notes that tell of the keys, the oldest first (`kit.signing`)."""
        policy.require(ctx.caller, "usage:log:read", None)
        return self.keys.list_key_notes()

    def inclusion(self, ctx: RequestContext, index: int, size: int | None = None) -> Inclusion:
        """That the event `index` is in the log of `size` events, or in that of now. Raises NotFound, Invalid."""
        policy.require(ctx.caller, "usage:log:read", None)
        size = self._size(ctx.db, size)
        if not 0 <= index < size:
            raise NotFound(f"no event {index} among {size}")
        read = repository.tiles.reader(ctx.db)
        records = [record for _, record in repository.events.records(ctx.db, index, index + 1)]
        text = next((record.encoded() for record in records if self._may_read(ctx, record)), None)
        return Inclusion(index, size, merkle.get_leaf(read, index), merkle.prove_inclusion(read, index, size), text)

    def inclusion_of(self, ctx: RequestContext, cloud: str, message_id: str, size: int | None = None) -> Inclusion:
        """As `inclusion`, by the event's message id; without what stands behind its `#`, where the caller may see one
        event of this message only. Raises NotFound for what is not there or a stranger's, too, and Conflict."""
        policy.require(ctx.caller, "usage:log:read", None)
        index = repository.events.number_of(ctx.db, cloud, message_id)
        told = proofs.told_by(ctx.db, cloud, message_id, _MOST_NAMED) if index is None else [(message_id, index)]
        seen = {key: one for key, number in told if (one := self.inclusion(ctx, number, size)).record is not None}
        if not seen:
            raise NotFound(f"no event {message_id} of cloud {cloud}", hint="is it of another `cloud`?")
        if len(seen) > 1:
            raise Conflict(f"message {message_id} told several events", hint=f"ask for one: {', '.join(seen)}")
        return next(iter(seen.values()))

    def consistency(self, ctx: RequestContext, old: int, new: int | None = None) -> tuple[int, list[bytes]]:
        """The size `new`, or that of now, and the proof that its log begins with that of `old`. Raises Invalid."""
        policy.require(ctx.caller, "usage:log:read", None)
        size = self._size(ctx.db, new)
        return size, self._consistency(ctx.db, old, size)

    def tile(self, ctx: RequestContext, level: int, number: int, width: int) -> bytes:
        """The first `width` hashes of a tile of the log. Raises NotFound."""
        policy.require(ctx.caller, "usage:log:read", None)
        hashes = repository.tiles.reader(ctx.db)(level, number)[: width * merkle.HASH_BYTES]
        if len(hashes) != width * merkle.HASH_BYTES or not width:
            raise NotFound(f"no tile {level}/{number} of {width} hashes")
        return hashes

    def begin_export(self, ctx: RequestContext, wanted: Filter, after: int | None = None) -> Exporting:
        """Ask for what of `wanted` (project, period, `as_of`) is to be exported; `after`: with the proof that the log
        goes on from so many events. Writes a checkpoint. Raises NotFound for a stranger's project, Forbidden, Invalid.
        """
        allowed = self.allowed(ctx, wanted)
        position = repository.ledger.position(ctx.db)
        if wanted.as_of is not None:
            position = min(position, wanted.as_of)
        size = repository.ledger.size(ctx.db, position)
        opening = Opening(
            format=FORMAT,
            made_by=f"stratiform {__version__}",
            position=position,
            since=None if wanted.since is None else iso(wanted.since),
            until=None if wanted.until is None else iso(wanted.until),
            project_id=allowed.project_id,
            checkpoint=self._checkpoint_of(ctx.db, size, ctx.now).note,
            keys=self.keys.list_key_notes(),
            consistent_with=after,
            consistency=[] if after is None else self._consistency(ctx.db, after, size),
        )
        return Exporting(replace(allowed, as_of=position), position, size, opening)

    def export(self, db: Connection, asked: Exporting) -> Iterator[bytes]:
        """The lines of an export, in constant memory but for a number an event."""
        total = Sum(self.keys.get_signer().name, asked.size)
        yield total.add(encoded(asked.opening))
        tree = merkle.Tree(repository.tiles.reader(db), asked.size)
        for history in _histories(db, asked):
            readable = _readable(history, asked.wanted.project_id)
            yield total.add(encoded(Heading(*history.resource, events=len(history.records))))
            for index, record in history.records:
                yield total.add(encoded(_event(tree, index, record, shown=readable(record))), index)
            for stretch in history.segments:
                yield total.add(encoded(Used.of(stretch)))
        yield encoded(Closing(sign_note(str(total), self.keys.get_signer())))

    def _checkpoint_of(self, db: Connection, size: int, now: Micros) -> SignedCheckpoint:
        """The stored one, or one made now: where there is none, or only one by a key that was replaced since."""
        signer, found, newest = self.keys.get_signer(), proofs.at_size(db, size), proofs.newest(db)
        wanted = Checkpoint(signer.name, size, merkle.compute_root(repository.tiles.reader(db), size))
        self._check_goes_on(db, wanted, [one.note for one in (found, newest) if one is not None])
        if found is None or not _is_signed_by(signer, found):
            found = SignedCheckpoint(size, now, sign_note(str(wanted), signer))
            proofs.put(db, found)
            if newest is None or newest.size <= size:
                self.keys.save_last_note(found.note)
        return found

    def _check_goes_on(self, db: Connection, wanted: Checkpoint, stored: Sequence[str]) -> None:
        """Nothing is signed that contradicts what was signed before. Raises Rewritten, Conflict."""
        read, verifiers, last = repository.tiles.reader(db), self.keys.list_verifiers(), self.keys.read_last_note()
        for note in {*stored, *([] if last is None else [last])}:
            try:
                signed = Checkpoint.parse(open_note(note, verifiers)[0])
            except Invalid as error:
                raise Conflict(
                    "the ledger's checkpoints are signed by a key that this home doesn't have",
                    hint="copy the folder keys/ledger from the home where they were made",
                ) from error
            old, new = sorted([signed, wanted], key=lambda each: each.size)
            try:
                proof = merkle.prove_consistency(read, old.size, new.size)
            except merkle.MissingTile as error:
                raise Rewritten(signed.size) from error
            if not merkle.verify_consistency(old.size, new.size, old.root, new.root, proof):
                raise Rewritten(signed.size)

    def _size(self, db: Connection, asked: int | None) -> int:
        there = repository.ledger.size(db)
        if asked is not None and asked > there:
            raise Invalid(f"the log has {there} events, not {asked}")
        return there if asked is None else asked

    def _consistency(self, db: Connection, old: int, new: int) -> list[bytes]:
        if old > new:
            raise Invalid(f"the log of {new} events can't go on from {old}")
        return merkle.prove_consistency(repository.tiles.reader(db), old, new)

    def _may_read(self, ctx: RequestContext, record: Record) -> bool:
        """The operator reads all records, a project's reader those that speak of this project alone."""
        if policy.rules["usage:segments:list_all"](ctx.caller, None):
            return True
        told = _projects(record)
        return len(told) == 1 and all(policy.rules["usage:segments:list"](ctx.caller, one) for one in told)


def _is_signed_by(signer: Signer, checkpoint: SignedCheckpoint) -> bool:
    try:
        open_note(checkpoint.note, [signer.verifier])
    except Invalid:
        return False
    return True


def _histories(db: Connection, asked: Exporting) -> Iterator[History]:
    """What is asked for, and that with which it ends: a parent always before its children, and each once."""
    numbers = proofs.used(db, asked.wanted, asked.position)
    given: set[int] = set()
    for start in range(0, len(numbers), _READ_AT_ONCE):
        some = [number for number in numbers[start : start + _READ_AT_ONCE] if number not in given]
        read, parents = _with_parents(db, asked, some, given)
        given.update(read)
        for number in sorted(read):
            yield from _in_turn(number, read, parents)


def _with_parents(
    db: Connection, asked: Exporting, numbers: Sequence[int], given: Collection[int]
) -> tuple[dict[int, History], dict[int, int]]:
    """The resources `numbers` and all above them that weren't `given` yet; and the number of each one's parent."""
    read: dict[int, History] = {}
    parents: dict[int, int] = {}
    while numbers:
        histories = proofs.histories(db, numbers, asked.wanted, asked.position, asked.size)
        read |= {history.id: history for history in histories}
        told = {history.id: parent for history in histories if (parent := _parent(history)) is not None}
        known = repository.resources.numbers(db, set(told.values()))
        parents |= {number: known[parent] for number, parent in told.items() if parent in known}
        above = {parents[number] for number in numbers if number in parents}
        numbers = sorted(number for number in above if number not in read and number not in given)
    return read, parents


def _in_turn(number: int | None, waiting: dict[int, History], parents: Mapping[int, int]) -> Iterator[History]:
    """The resource `number` after all above it, where these haven't come yet."""
    upwards = []
    while number in waiting:
        upwards.append(waiting.pop(number))
        number = parents.get(number)
    return reversed(upwards)


def _parent(history: History) -> Resource | None:
    """The one with which it ends."""
    return parent_of(history.resource, [record.statement for _, record in history.records if "parent" in record.fact])


def _event(tree: merkle.Tree, index: int, record: Record, *, shown: bool) -> AnyLine:
    text, proof = record.encoded(), tree.prove_inclusion(index)
    return Proved(index, text.decode(), proof) if shown else HeldBack(index, merkle.leaf_hash(text), proof)


def _readable(history: History, project_id: str | None) -> Callable[[Record], bool]:
    """Which events of a resource the project's reader may see: all, where it was never another project's; else those
    that speak of this project alone."""
    if project_id is None or all(_projects(record) <= {project_id} for _, record in history.records):
        return lambda _record: True
    return lambda record: _projects(record) == {project_id}


def _projects(record: Record) -> set[str]:
    """Whom the event speaks of."""
    told = (record.fact.get("project_id"), record.fact.get("correction", {}).get("project_id"))
    return {project_id for project_id in told if project_id is not None}
