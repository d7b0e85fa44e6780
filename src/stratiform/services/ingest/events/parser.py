"""The reader: all meter files, made ready, and what they make of an event."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events import exists
from stratiform.services.ingest.events.builtin_rules import BY_RULE, OURS, ReadEvent, only_ours
from stratiform.services.ingest.events.catalog import catalog_of
from stratiform.services.ingest.events.envelope import opened
from stratiform.services.ingest.events.meter_files import (
    TOLD_IN_FILE,
    MeterFile,
    Nothing,
    Sample,
    file_text,
    listed,
    read_meter,
    read_nothing,
)
from stratiform.services.ingest.events.meter_rules import FromFile, tagged
from stratiform.services.ingest.events.paths import MISSING, Find, first_of
from stratiform.services.ledger.model import ParsedMessage, ResourceStatement
from stratiform.services.ledger.model.statements import EXISTS_SUFFIX

#: So many types of events are remembered; a sender that makes up new ones must not fill the memory.
_REMEMBERED = 4096

_NOTHING = "nothing"


class _ByCode(NamedTuple):
    """Messages that code of ours reads. `tagged`: attributes that are labels, by the meter's file."""

    read: ReadEvent
    tagged: Mapping[str, str]

    def facts(self, event: Event) -> Iterator[ResourceStatement]:
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

    def facts(self, event: Event) -> Iterator[ResourceStatement]:
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

    def facts(self, event: Event) -> Iterator[ResourceStatement | InvalidMessage]:
        """One thing of the list that is wrong takes no other with it: what is wrong is told in its place."""
        parts = self.find(event.payload, event.payload)
        if parts is MISSING or parts is None:
            return
        if not isinstance(parts, list):
            raise InvalidMessage(f"{self.each} is no list")
        for number, part in enumerate(parts):
            if not isinstance(part, dict):
                yield InvalidMessage(f"{self.each}[{number}] is no object")
                continue
            try:
                yield from self._of_part(event, part, number)
            except InvalidMessage as error:
                yield InvalidMessage(f"{self.each}[{number}]: {error.message}")

    def _of_part(self, event: Event, part: Mapping[str, Any], number: int) -> Iterator[ResourceStatement]:
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


class MessageParser:
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
    def load(cls, folder: Path | None = None) -> "MessageParser":
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

    def list_statements(self, event: Event) -> Sequence[ResourceStatement]:
        """Return the statements of `event` about metered resources. Raises InvalidMessage."""
        statements, errors = self._read(event)
        if errors:
            raise InvalidMessage(errors[0])
        return statements

    def parse_message(self, cloud: str, body: bytes) -> ParsedMessage:
        """Parse an oslo.messaging envelope. Raises InvalidMessage if no part of the message is valid."""
        message = opened(body)
        if only_ours(message.event_type):
            raise InvalidMessage(f"event type {message.event_type} is reserved")
        if not self._plan(message.event_type):
            return ParsedMessage(cloud, body, message.event_type, message.message_id, ())
        statements, errors = self._read(message.event(cloud))
        if errors and not statements:
            raise InvalidMessage(errors[0])
        return ParsedMessage(cloud, body, message.event_type, message.message_id, statements, errors)

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

    def reads(self, event_type: str) -> bool:
        """Whether events of this type may say something of use."""
        return bool(self._plan(event_type))

    def ignore_reason(self, event_type: str) -> str:
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

    def _read(self, event: Event) -> tuple[Sequence[ResourceStatement], Sequence[str]]:
        """What `event` says, and what is wrong with what else it lists."""
        facts: list[ResourceStatement] = []
        faults: list[str] = []
        for step in self._plan(event.event_type):
            for told in step.facts(event):
                if isinstance(told, InvalidMessage):
                    faults.append(told.message)
                else:
                    facts.append(told)
        return exists.with_period(event, facts) if event.event_type.endswith(EXISTS_SUFFIX) else facts, faults

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
    """Where paths start. Raises InvalidMessage where that is no object."""
    if root is None:
        return payload
    part = root(payload, payload)
    if part is MISSING or part is None:
        return {}
    if not isinstance(part, dict):
        raise InvalidMessage(f"what tells of the {name} is no object")
    return part


@cache
def _shipped() -> tuple[list[MeterFile], list[Nothing]]:
    folder = resources.files(__package__) / "meters"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    texts = {file.name: file.read_text() for file in files}
    nothing = read_nothing(texts.pop(f"{_NOTHING}.toml"), f"{_NOTHING}.toml")
    return [read_meter(text, name) for name, text in texts.items()], nothing
