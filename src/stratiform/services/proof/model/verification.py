"""Checking an export by itself: without the ledger, its database or its server. Pure.

Whatever was altered, removed or put in is named by its number in the log, and by its message id where that is known.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from stratiform.kit import merkle
from stratiform.kit.errors import Invalid
from stratiform.kit.signed_notes import Checkpoint, Verifier, open_note
from stratiform.kit.signing import format_signers, list_trusted_verifiers
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.model.fold import find_parent
from stratiform.services.ledger.model.incremental_fold import fold_all
from stratiform.services.ledger.model.parents import rank_generations
from stratiform.services.ledger.model.records import Record
from stratiform.services.ledger.model.segments import select_overlapping
from stratiform.services.proof.model.export_lines import (
    FORMAT,
    AnyLine,
    Closing,
    Heading,
    HeldBack,
    Opening,
    Proved,
    Used,
    decoded,
    left_out,
    period,
    summed,
)

_record = msgspec.json.Decoder(Record)


@dataclass(slots=True)
class Verdict:
    """What was found. `wrong` is empty where everything is as it was signed; `notes` are worth knowing."""

    checkpoint: Checkpoint | None = None
    resources: int = 0
    events: int = 0
    segments: int = 0
    held_back: int = 0
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole_log(self) -> bool:
        """Whether every event is there: then nobody's word is needed that none was left out."""
        events = self.events + self.held_back
        return not self.wrong and self.checkpoint is not None and events == self.checkpoint.size


@dataclass(slots=True)
class _Doubtful:
    """An event that isn't shown to be in the log; whether it was altered or put in, the last line tells."""

    index: int
    what: str


@dataclass(slots=True)
class _Story:
    """One resource as far as it was read."""

    heading: Heading
    records: list[Record] = field(default_factory=list)
    nths: list[int] = field(default_factory=list)
    unread: int = 0
    held_back: int = 0
    used: list[Used] = field(default_factory=list)

    @property
    def events(self) -> int:
        return len(self.nths) + self.unread + self.held_back


def checkpoint_of(text: bytes, known: Iterable[Verifier]) -> Checkpoint:
    """The checkpoint that an earlier export begins with, or that `text` is. Raises Invalid, also where none of
    `known`, nor who they vouch for, signed it."""
    first = text.partition(b"\n")[0]
    if not first.startswith(b"{"):
        return Checkpoint.parse(open_note(text.decode(errors="replace"), known)[0])
    line = decoded(first)
    if not isinstance(line, Opening):
        raise Invalid("this is neither an export nor a checkpoint")
    return Checkpoint.parse(open_note(line.checkpoint, list_trusted_verifiers(line.keys, known))[0])


def verify(lines: Iterable[bytes], known: Sequence[Verifier], earlier: Checkpoint | None = None) -> Verdict:
    """Check an export, given as its lines with their ends, against the public keys that the reader knows.

    `earlier` is a checkpoint that the reader has had before: the log must go on from it.
    """
    return _Check(known, earlier).run(lines)


class _Check:
    """One run over an export."""

    def __init__(self, known: Sequence[Verifier], earlier: Checkpoint | None) -> None:
        self._known = list(known)
        self._earlier = earlier
        self._verdict = Verdict()
        self._tell = self._verdict.wrong.append
        self._unfounded: list[str] = []  # segments; told last, as they may be wrong because events are
        self._log = Checkpoint("", 0, b"")
        self._since: int | None = None
        self._until: int | None = None
        self._project_id: str | None = None
        self._story: _Story | None = None
        self._seen: set[int] = set()
        self._doubtful: list[_Doubtful] = []
        self._ends: dict[Resource, int | None] = {}
        self._parents: dict[Resource, Resource] = {}
        self._above: dict[Resource, Resource] = {}  # one further up, as far as is known
        self._circular: list[Resource] = []  # by what came so far
        self._obscure: set[Resource] = set()  # whose end can't be told, as some events are held back

    def run(self, lines: Iterable[bytes]) -> Verdict:
        digest, closing = hashlib.sha256(), None
        before = b""
        for number, text in enumerate(lines, 1):
            digest.update(before)
            before = text
            if closing is not None:
                self._tell(f"line {number} stands after the end")
                break
            try:
                line = decoded(text)
            except Invalid as error:
                self._tell(f"line {number} can't be understood: {error.message}")
                if number == 1:
                    return self._verdict
                continue
            if (number == 1) != isinstance(line, Opening):
                self._tell("this is no export" if number == 1 else f"line {number} begins another export")
                return self._verdict
            if isinstance(line, Closing):
                closing = line
            elif not self._take(number, line):
                return self._verdict
        self._end_story()
        self._check_circles()
        self._close(closing, digest.hexdigest())
        self._verdict.wrong += self._unfounded
        return self._verdict

    def _take(self, number: int, line: AnyLine) -> bool:
        """Whether it makes sense to go on."""
        if isinstance(line, Opening):
            return self._open(line)
        if isinstance(line, Heading):
            self._end_story()
            self._begin_story(line)
        elif self._story is None:
            self._tell(f"line {number} is of no resource")
        elif isinstance(line, Proved):
            self._event(self._story, line)
        elif isinstance(line, HeldBack):
            self._held_back(self._story, line)
        elif isinstance(line, Used):
            self._verdict.segments += 1
            self._story.used.append(line)
        return True

    def _open(self, line: Opening) -> bool:
        if line.format != FORMAT:
            self._tell(f"the export has the form {line.format}; this program knows {FORMAT}")
            return False
        self._known = list_trusted_verifiers(line.keys, self._known)
        try:
            self._since, self._until = period(line)
            text, signed = open_note(line.checkpoint, self._known)
            self._log = Checkpoint.parse(text)
        except Invalid as error:
            signers = format_signers(line.checkpoint)
            self._tell(f"the checkpoint can't be trusted: {error.message} (it is signed by {signers})")
            return False
        if all(signer.name != self._log.origin for signer in signed):
            self._tell(f"the checkpoint is of {self._log.origin}, but signed by {format_signers(line.checkpoint)}")
        self._project_id = line.project_id
        self._verdict.checkpoint = self._log
        if self._earlier is not None:
            self._go_on_from(self._earlier, line)
        return True

    def _go_on_from(self, earlier: Checkpoint, line: Opening) -> None:
        log, before = self._log, f"the earlier checkpoint, of {earlier.size} events,"
        if earlier.origin != log.origin:
            self._tell(f"{before} is of another ledger: {earlier.origin}")
        elif earlier.size > log.size:
            self._tell(f"{before} is of more events than this export's log has ({log.size})")
        elif earlier.size == log.size:
            if earlier.root != log.root:
                self._tell(f"{before} is of another history: the ledger was rewritten")
        elif line.consistent_with != earlier.size:
            self._tell(f"the export doesn't say how its log goes on from {before} export it with `--since`")
        elif not merkle.verify_consistency(earlier.size, log.size, earlier.root, log.root, line.consistency):
            self._tell(f"the log doesn't go on from {before} or the proof is damaged: the ledger was rewritten")

    def _begin_story(self, heading: Heading) -> None:
        self._story = _Story(heading)
        self._verdict.resources += 1
        if heading.resource in self._ends:
            self._tell(f"{_name(heading.resource)} is there twice")

    def _event(self, story: _Story, line: Proved) -> None:
        self._verdict.events += 1
        leaf = merkle.leaf_hash(line.record.encode())
        try:
            record = _record.decode(line.record)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            record = None
        what = f"event {line.index} of {_name(story.heading.resource)}"
        if record is not None:
            what += f" (message {record.message_id})"
        self._count(line.index, leaf, line.proof, what)
        if record is None:
            story.unread += 1
            return
        if record.resource != story.heading.resource:
            self._tell(f"{what} is of another resource: {_name(record.resource)}")
            return
        story.records.append(record)
        story.nths.append(record.nth)

    def _held_back(self, story: _Story, line: HeldBack) -> None:
        self._verdict.held_back += 1
        story.held_back += 1
        what = f"event {line.index} of {_name(story.heading.resource)} (held back)"
        self._count(line.index, line.leaf, line.proof, what)

    def _count(self, index: int, leaf: bytes, proof: list[bytes], what: str) -> None:
        if index in self._seen:
            self._tell(f"{what} is there twice")
        self._seen.add(index)
        if not merkle.verify_inclusion(leaf, index, self._log.size, proof, self._log.root):
            self._doubtful.append(_Doubtful(index, what))

    def _end_story(self) -> None:
        story, self._story = self._story, None
        if story is None:
            return
        self._check_whole(story)
        resource = story.heading.resource
        self._ends[resource] = None
        if story.held_back:
            self._obscure.add(resource)
            self._verdict.notes.append(
                f"the segments of {_name(resource)} can't be computed: {story.held_back} of its "
                f"{story.heading.events} events are another project's"
            )
            return
        made = self._folded(story)
        if made is not None:
            self._compare(story, made)

    def _check_whole(self, story: _Story) -> None:
        """The events of a resource are counted: one that is missing leaves a hole."""
        name, told = _name(story.heading.resource), story.heading.events
        if not story.held_back and not story.unread:
            for nth in sorted(set(range(1, min(told, self._log.size) + 1)) - set(story.nths)):
                self._tell(f"the {nth}. of the {told} events of {name} is missing")
        if story.events != told:
            self._tell(f"{name} has {story.events} events here, but {told} are announced")
        for nth in story.nths:
            if nth > told:
                self._tell(f"{name} has a {nth}. event, but only {told} are announced")
        if story.nths != sorted(story.nths):
            self._tell(f"the events of {name} stand in another order than in the log")

    def _folded(self, story: _Story) -> list[Used] | None:
        """What the ledger's own rules make of the events; None where that can't be told."""
        resource = story.heading.resource
        if not story.records:
            return []
        try:
            statements = [record.statement for record in story.records]
            parent = find_parent(resource, statements)
            if parent is not None and parent in self._obscure:
                self._tell_obscure(resource, parent)
                return None
            end = None if parent is None or self._in_circle(resource, parent) else self._ends[parent]
            progress, usage = fold_all(resource, statements, end)
            self._ends[resource] = progress.end
            return [
                Used.of(one) for one in select_overlapping(usage.segments, self._since, self._until, self._project_id)
            ]
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            self._tell(f"the events of {_name(resource)} can't be understood: {type(error).__name__}")
            return None

    def _in_circle(self, resource: Resource, parent: Resource) -> bool:
        """Whether its parents lead back to it, so that it ends with none of them. Who isn't part of a circle comes
        after its parents: one whose parents aren't all there is taken for a part, and looked at again at the end."""
        top = self._top(parent)
        if resource not in self._above and top != resource:
            self._above[resource] = top
        self._parents[resource] = parent
        if top != resource and top in self._ends:
            return False
        self._circular.append(resource)
        return True

    def _top(self, resource: Resource) -> Resource:
        """The last one above it, as far as they are there; of a circle always the same. The way is made shorter, as in
        a long chain each asks."""
        passed = []
        while resource in self._above:
            passed.append(resource)
            resource = self._above[resource]
        self._above |= dict.fromkeys(passed[:-1], resource)
        return resource

    def _compare(self, story: _Story, made: list[Used]) -> None:
        if story.used == made:
            return
        name = _name(story.heading.resource)
        for used in made:
            if used not in story.used:
                self._unfounded.append(f"a segment of {name} is missing that follows from its events: {used}")
        for place, used in enumerate(story.used):
            if used not in made or used in story.used[:place]:
                self._unfounded.append(f"a segment of {name} doesn't follow from its events: {used}")

    def _check_circles(self) -> None:
        circling = rank_generations(self._circular, self._parents.get)[1]
        for resource in self._circular:
            parent, top = self._parents[resource], self._top(resource)
            if parent not in self._ends:
                self._tell(f"the events of {_name(parent)} are missing, with which {_name(resource)} ends")
            elif top in self._obscure:
                self._tell_obscure(resource, top)
            elif resource not in circling and top in self._ends:
                self._tell(f"{_name(resource)} stands before {_name(parent)}, with which it ends")

    def _tell_obscure(self, resource: Resource, parent: Resource) -> None:
        self._obscure.add(resource)
        told = f"the segments of {_name(resource)} can't be computed: it ends with {_name(parent)}"
        self._verdict.notes.append(told)

    def _close(self, closing: Closing | None, digest: str) -> None:
        if closing is None:
            self._tell("the end is missing: the export is cut off")
            self._name_doubtful(None)
            return
        try:
            text = open_note(closing.note, self._known)[0]
            there, signed = summed(text, self._log.origin, self._log.size)
        except Invalid as error:
            self._tell(f"the end can't be trusted: {error.message}")
            self._name_doubtful(None)
            return
        self._name_doubtful(there)
        for index in sorted(there - self._seen):
            self._tell(f"event {index} was removed from the export")
        for index in sorted(self._seen - there - {one.index for one in self._doubtful}):
            self._tell(f"event {index} was put into the export")
        if (self._project_id, self._since, self._until) == (None, None, None):
            missing = left_out(there | self._seen, self._log.size)
            if missing:
                self._tell(f"this is an export of everything, but the log has more events: {missing}")
        if digest != signed:
            self._tell("the export isn't as it was signed")

    def _name_doubtful(self, there: set[int] | None) -> None:
        for one in self._doubtful:
            if there is None:
                self._tell(f"{one.what} is not in the log: it was altered or put in")
            elif one.index in there:
                self._tell(f"{one.what} was altered: the log has another")
            else:
                self._tell(f"{one.what} was put in: the export had no such event")


def _name(resource: Resource | None) -> str:
    return "" if resource is None else f"{resource.resource_type} {resource.resource_id} of {resource.cloud}"
