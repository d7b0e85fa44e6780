"""The reader: all meter files, made ready, and what they make of an event."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.services.metering.errors import Malformed
from stratiform.services.metering.events import audits
from stratiform.services.metering.events.builtin import BY_RULE, OURS, ReadEvent, only_ours
from stratiform.services.metering.events.catalog import catalog_of
from stratiform.services.metering.events.envelope import opened
from stratiform.services.metering.events.meterfile import (
    TOLD_IN_FILE,
    MeterFile,
    Nothing,
    Sample,
    file_text,
    listed,
    read_meter,
    read_nothing,
)
from stratiform.services.metering.events.paths import MISSING, Find, first_of
from stratiform.services.metering.events.statements import FromFile, tagged
from stratiform.services.metering.model import Fact

#: So many types of events are remembered; a sender that makes up new ones must not fill the memory.
_REMEMBERED = 4096

_NOTHING = "nothing"


class Heard(NamedTuple):
    """A message that was understood: what it says of each resource, nothing where it is of no concern. `faults`: why
    things of a list that it has can't be read; the others of it are among the facts."""

    event_type: str
    message_id: str
    facts: Sequence[Fact]
    faults: Sequence[str] = ()


class _ByCode(NamedTuple):
    """Messages that code of ours reads. `tagged`: attributes that are labels, by the meter's file."""

    read: ReadEvent
    tagged: Mapping[str, str]

    def facts(self, event: Event) -> Iterator[Fact]:
        fact = self.read(event)
        if fact is None:
            return
        tags = fact.statement.tags
        if self.tagged and tags is not None:
            more = {name: tags.get(tag) or None for name, tag in self.tagged.items()}
            fact = replace(fact, statement=replace(fact.statement, attributes=fact.statement.attributes | more))
        yield fact


class _Whole(NamedTuple):
    """Messages that speak of one thing of a meter; the first of its entries that means the message reads it."""

    name: str
    root: Find | None
    entries: Sequence[FromFile]
    lists: Sequence[Find]  # where such a message may tell of several at once instead

    def facts(self, event: Event) -> Iterator[Fact]:
        part = _part(self.root, event.payload, self.name)
        if not part and any(isinstance(find(event.payload, event.payload), list) for find in self.lists):
            return
        for entry in self.entries:
            found = entry.facts(event, part, self.name)
            if found:
                yield from found
                return


class _Each(NamedTuple):
    """Messages with a list of things. `named`: the entries that read a part where the sample of this name is told;
    `always`: the others. Each with the meter's name."""

    each: str
    find: Find
    named: Mapping[str, Sequence[tuple[str, FromFile]]]
    naming: Sequence[FromFile]
    always: Sequence[tuple[str, FromFile]]

    def facts(self, event: Event) -> Iterator[Fact | Malformed]:
        """One thing of the list that is wrong takes no other with it: what is wrong is told in its place."""
        parts = self.find(event.payload, event.payload)
        if parts is MISSING or parts is None:
            return
        if not isinstance(parts, list):
            raise Malformed(f"{self.each} is no list")
        for number, part in enumerate(parts):
            if not isinstance(part, dict):
                yield Malformed(f"{self.each}[{number}] is no object")
                continue
            try:
                yield from self._of_part(event, part, number)
            except Malformed as error:
                yield Malformed(f"{self.each}[{number}]: {error.message}")

    def _of_part(self, event: Event, part: Mapping[str, Any], number: int) -> Iterator[Fact]:
        entries: list[tuple[str, FromFile]] = []
        for naming in self.naming:
            name = naming.sample_name(part, event.payload)
            entries += self.named.get(name, ()) if isinstance(name, str) else ()
        done = set()
        for meter, entry in itertools.chain(entries, self.always):
            if meter not in done:
                found = entry.facts(event, part, f"{meter}.{self.each}.{number}")
                if found:
                    done.add(meter)
                    yield from found


_Step = _ByCode | _Whole | _Each


@dataclass(frozen=True, slots=True)
class _Entry:
    meter: MeterFile
    number: int
    pattern: str


class Reader:
    """What is understood of messages. Made once at the start."""

    def __init__(self, meters: Sequence[MeterFile], nothing: Sequence[Nothing] = ()) -> None:
        self.meters = {meter.name: meter for meter in sorted(meters, key=lambda one: one.name)}
        self.catalog = catalog_of(self.meters.values())
        self.nothing = tuple(nothing)
        self._entries = [
            _Entry(meter, number, pattern)
            for meter in self.meters.values()
            for number, told in enumerate(meter.events)
            for pattern in told.types
            if told.rule != "ignore"
        ]
        self._plans: dict[str, tuple[_Step, ...]] = {}

    @classmethod
    def load(cls, folder: Path | None = None) -> "Reader":
        """The meters that come with the program, and those in `folder`, which win over ours of the same name. Raises
        Invalid, in one line with file and key."""
        shipped, nothing = _shipped()
        files = [] if folder is None else sorted(folder.glob("*.toml"))
        own: dict[str, MeterFile] = {}
        for file in files:
            if file.stem == _NOTHING:
                nothing = [*nothing, *read_nothing(file_text(file), str(file))]
                continue
            meter = read_meter(file_text(file), str(file))
            if meter.name in own:
                raise Invalid(f"{file}: name: another file of this folder is a meter '{meter.name}', too")
            own[meter.name] = meter
        return cls([*({meter.name: meter for meter in shipped} | own).values()], nothing)

    def read(self, event: Event) -> Sequence[Fact]:
        """What `event` says of each resource that it speaks of; nothing, where that is none of use. Raises
        Malformed."""
        facts, faults = self._read(event)
        if faults:
            raise Malformed(faults[0])
        return facts

    def hear(self, raw: bytes, cloud: str) -> Heard:
        """What the message in `raw` says: an envelope of oslo.messaging. Raises Malformed where nothing can be
        read."""
        message = opened(raw)
        if only_ours(message.event_type):
            raise Malformed(f"{message.event_type}: no message may tell that")
        if not self._plan(message.event_type):
            return Heard(message.event_type, message.message_id, ())
        facts, faults = self._read(message.event(cloud))
        if faults and not facts:
            raise Malformed(faults[0])
        return Heard(message.event_type, message.message_id, facts, faults)

    def sample(self, resource_type: str, name: str) -> Sample | None:
        """A meter of a type of resources; None where no file has it."""
        meter = self.meters.get(resource_type)
        return None if meter is None else meter.samples.get(name)

    def polled(self, kind: str) -> Iterator[tuple[str, str, Sample, Mapping[str, Any]]]:
        """What is to be asked of connectors of this kind: resource type, name of the meter, meter, table."""
        for meter in self.meters.values():
            for name, sample in meter.samples.items():
                if kind in sample.poll:
                    yield meter.name, name, sample, sample.poll[kind]

    def is_read(self, event_type: str) -> bool:
        """Whether events of this type may say something of use."""
        return bool(self._plan(event_type))

    def why_nothing(self, event_type: str) -> str:
        """Why events of this type deliberately change no use; empty where nobody said anything of them."""
        told = [(pattern, one.why) for one in self.nothing for pattern in one.types]
        told += [
            (pattern, entry.why)
            for meter in self.meters.values()
            for entry in meter.events
            if entry.rule == "ignore"
            for pattern in entry.types
        ]
        return next((why for pattern, why in told if fits(pattern, event_type)), "")

    def _read(self, event: Event) -> tuple[Sequence[Fact], Sequence[str]]:
        """What `event` says, and what is wrong with what else it lists."""
        facts: list[Fact] = []
        faults: list[str] = []
        for step in self._plan(event.event_type):
            for told in step.facts(event):
                if isinstance(told, Malformed):
                    faults.append(told.message)
                else:
                    facts.append(told)
        return audits.with_period(event, facts) if event.event_type.endswith(audits.EXISTS) else facts, faults

    def _plan(self, event_type: str) -> tuple[_Step, ...]:
        plan = self._plans.get(event_type)
        if plan is None:
            plan = self._planned(event_type)
            if len(self._plans) < _REMEMBERED:
                self._plans[event_type] = plan
        return plan

    def _planned(self, event_type: str) -> tuple[_Step, ...]:
        ours = next((read for pattern, read in OURS if fits(pattern, event_type)), None)
        if ours is not None:
            return (_ByCode(ours, {}),)
        entries = [entry for entry in self._entries if fits(entry.pattern, event_type)]
        exact = {entry.meter.name for entry in entries if entry.pattern == event_type}
        ignored = {
            meter.name
            for meter in self.meters.values()
            for told in meter.events
            if told.rule == "ignore" and any(fits(pattern, event_type) for pattern in told.types)
        }
        # An exact type in a file wins over that file's patterns.
        meant = [
            entry
            for entry in entries
            if entry.pattern == event_type or (entry.meter.name not in exact and entry.meter.name not in ignored)
        ]
        return tuple(_steps(meant))


def fits(pattern: str, event_type: str) -> bool:
    return event_type.startswith(pattern[:-1]) if pattern.endswith("*") else event_type == pattern


def _steps(entries: Sequence[_Entry]) -> Iterator[_Step]:
    """By code; then one step a meter; then one a list."""
    whole: dict[str, list[FromFile]] = {}
    lists: dict[str, list[tuple[str, FromFile]]] = {}
    for meter, number in dict.fromkeys((entry.meter.name, entry.number) for entry in entries):
        file = next(entry.meter for entry in entries if entry.meter.name == meter)
        told = file.events[number]
        if told.rule not in TOLD_IN_FILE:
            yield _ByCode(BY_RULE[told.rule], tagged(file))
        elif told.each:
            lists.setdefault(told.each, []).append((meter, FromFile(file, told)))
        else:
            whole.setdefault(meter, []).append(FromFile(file, told))
    files = {entry.meter.name: entry.meter for entry in entries}
    for meter, ready in whole.items():
        root = files[meter].root
        instead = [first_of([each]) for each, listing in lists.items() if any(name == meter for name, _ in listing)]
        yield _Whole(meter, first_of(listed(root)) if root else None, ready, instead)
    for each, listing in lists.items():
        yield _each(each, listing)


def _each(each: str, listing: Sequence[tuple[str, FromFile]]) -> _Each:
    named: dict[str, list[tuple[str, FromFile]]] = {}
    naming: dict[str, FromFile] = {}
    for meter, ready in listing:
        for name in ready.sample_names if ready.names_sample else ():
            named.setdefault(name, []).append((meter, ready))
        if ready.names_sample:
            naming.setdefault(str(ready.sample_path), ready)
    always = [(meter, ready) for meter, ready in listing if not ready.names_sample]
    return _Each(each, first_of([each]), named, [*naming.values()], always)


def _part(root: Find | None, payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Where paths start. Raises Malformed where that is no object."""
    if root is None:
        return payload
    part = root(payload, payload)
    if part is MISSING or part is None:
        return {}
    if not isinstance(part, dict):
        raise Malformed(f"what tells of the {name} is no object")
    return part


def _shipped() -> tuple[list[MeterFile], list[Nothing]]:
    folder = resources.files(__package__) / "meters"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    texts = {file.name: file.read_text() for file in files}
    nothing = read_nothing(texts.pop(f"{_NOTHING}.toml"), f"{_NOTHING}.toml")
    return [read_meter(text, name) for name, text in texts.items()], nothing
