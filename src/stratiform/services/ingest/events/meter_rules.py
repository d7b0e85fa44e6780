"""One kind of messages as a meter file tells it, made ready: from the part of a payload to a fact."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events import meter_files
from stratiform.services.ingest.events.meter_files import MeterFile, Told, attribute_of, listed
from stratiform.services.ingest.events.paths import MISSING, Find, first_of
from stratiform.services.ingest.events.values import (
    fitting,
    flag_of,
    labels_of,
    moment,
    number_of,
    text_of,
    whole_of,
)
from stratiform.services.ledger.model import MeterFormat, Resource, ResourceStatement, Statement

Part = Mapping[str, Any]

#: An id of a message, with what tells its facts apart, is no longer.
_MESSAGE_ID_LENGTH = 128


def _decimal_text(value: Any, name: str) -> str | None:
    found = number_of(value, name)
    return None if found is None else str(found)


_CONVERTED: dict[str, Callable[[Any, str], Any]] = {
    "text": text_of,
    "whole": whole_of,
    "decimal": _decimal_text,
    "flag": flag_of,
}


class _Attribute(NamedTuple):
    """`find` None: it is `constant`, or the label `tag`."""

    name: str
    find: Find | None
    convert: Callable[[Any, str], Any]
    constant: Any
    tag: str
    null: bool
    holds: "Condition | None"


class _Sample(NamedTuple):
    find: Find | None
    constant: int | None
    meter: MeterFormat


class Condition:
    """Whether a message is meant."""

    def __init__(self, when: meter_files.When) -> None:
        self._find = first_of(listed(when.path))
        self._one_of, self._none_of = when.one_of, when.none_of

    def __call__(self, part: Part, payload: Part) -> bool:
        value = self._find(part, payload)
        if value is MISSING:
            value = None
        if self._one_of and not _among(value, self._one_of):
            return False
        return not _among(value, self._none_of)


class FromFile:
    """What messages of one kind say, by one entry of a file's `events`."""

    def __init__(self, meter: MeterFile, told: Told) -> None:
        identity, own = meter.identity, told.identity
        assert identity is not None, "the file was checked"
        self.rule = told.rule
        self._type = meter.name
        self._holds = None if told.when is None else Condition(told.when)
        self._id = first_of(listed(own.id or identity.id))
        self._project = _optional(own.project or identity.project)
        self._name = _optional(own.name or identity.name)
        self._tags = _optional(own.tags or identity.tags)
        self._source = _optional(own.source or identity.source)
        parent = own.parent or identity.parent
        self._parent = None if parent is None else (parent.type, first_of(listed(parent.id)))
        self._at = _optional(told.at)
        self._launched, self._ended = _optional(meter.launched), _optional(meter.ended)
        self._state, self._state_find = told.state, None if meter.state is None else _optional(meter.state.path)
        self._states = {} if meter.state is None else {k: v for k, v in meter.state.map.items() if k[-1:] != "*"}
        self._beginnings = (
            [] if meter.state is None else [(k[:-1], v) for k, v in meter.state.map.items() if k[-1:] == "*"]
        )
        self._attributes = [] if told.rule == "sample" else _attributes(meter, told)
        self.sample_path = told.sample
        self._named = _optional(told.sample)
        self._samples = _samples(meter, told)

    def facts(self, event: Event, part: Part, suffix: str) -> list[ResourceStatement]:
        """What `event` says of the resource that is told in `part` of its payload; nothing where it isn't meant. What
        was measured says nothing of the resource itself, so it is a fact of its own. `suffix` sets facts of one message
        apart. Raises InvalidMessage."""
        payload = event.payload
        if self._holds is not None and not self._holds(part, payload):
            return []
        samples, meters = self._counted(part, payload)
        if self.rule == "sample" and not samples:
            return []
        resource_id = text_of(self._id(part, payload) or None, f"{self._type} id", 4096)
        if resource_id is None:
            raise InvalidMessage(f"no id of the {self._type}")
        statement = self._statement(event, part, suffix)
        said = [statement]
        if samples:
            measured = replace(statement, samples=samples, meters=meters)
            said = [measured] if self.rule == "sample" else [statement, _measured(event, suffix, measured)]
        resource = Resource(event.cloud, self._type, fitting(resource_id))
        return [ResourceStatement(resource, event.event_type, event.publisher_id, one) for one in said]

    def sample_name(self, part: Part, payload: Part) -> Any:
        """The name of the one sample that is told in `part`, where this kind names it; else None."""
        return None if self._named is None else self._named(part, payload)

    @property
    def names_sample(self) -> bool:
        return self._named is not None

    @property
    def sample_names(self) -> list[str]:
        return list(self._samples)

    def _statement(self, event: Event, part: Part, suffix: str) -> Statement:
        payload, rule = event.payload, self.rule
        told = self._moment(self._at, part, payload, "at")
        tags = self._labels(part, payload)
        launched = self._moment(self._launched, part, payload, "launched") if rule != "sample" else None
        if rule == "start" and launched is None:
            launched = event.at if told is None else told
        return Statement(
            at=event.at if told is None or rule in ("start", "stop") else told,
            message_id=message_id(event.message_id, suffix),
            project_id=self._owner(part, payload),
            name=self._text(self._name, part, payload, "name"),
            state=self._state_of(part, payload),
            launched_at=launched,
            terminated_at=self._moment(self._ended, part, payload, "ended") if rule != "sample" else None,
            deleted_at=told if rule == "stop" else None,
            is_deleted=rule == "stop",
            attributes=self._told_attributes(part, payload, tags),
            tags=tags,
            parent=self._parent_of(part, payload),
            source=self._text(self._source, part, payload, "source", 128) or "",
        )

    def _owner(self, part: Part, payload: Part) -> str | None:
        """An empty one is an answer: it belongs to nobody. A message of its end or a measurement may leave it out."""
        if self._project is None:
            return None
        told = self._project(part, payload)
        if told is MISSING or told is None:
            if self.rule in ("start", "update"):
                raise InvalidMessage(f"no project of the {self._type}")
            return None
        return text_of(told, "project", 64)

    def _labels(self, part: Part, payload: Part) -> dict[str, str] | None:
        told = MISSING if self._tags is None else self._tags(part, payload)
        return None if told is MISSING or told is None or told == "" else labels_of(told, "tags")

    def _state_of(self, part: Part, payload: Part) -> str | None:
        if self._state is not None or self._state_find is None or self.rule == "sample":
            return self._state
        told = self._text(self._state_find, part, payload, "state")
        if told is None or told in self._states:
            return None if told is None else self._states[told]
        return next((state for beginning, state in self._beginnings if told.startswith(beginning)), None)

    def _parent_of(self, part: Part, payload: Part) -> tuple[str, str] | None:
        if self._parent is None:
            return None
        kind, find = self._parent
        told = self._text(find, part, payload, "parent", 4096)
        return None if told is None else (kind, fitting(told))

    def _told_attributes(self, part: Part, payload: Part, tags: dict[str, str] | None) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for name, find, convert, constant, tag, null, holds in self._attributes:
            if holds is not None and not holds(part, payload):
                continue
            if find is None:
                if constant is not None:
                    told[name] = constant
                elif tags is not None:
                    told[name] = tags.get(tag) or None
                continue
            value = find(part, payload)
            if value is MISSING:
                continue
            value = convert(value, name)
            if value is not None or null:
                told[name] = value
        return told

    def _counted(self, part: Part, payload: Part) -> tuple[dict[str, Any], dict[str, MeterFormat]]:
        if not self._samples:
            return {}, {}
        wanted = self._samples
        if self._named is not None:
            name = self._named(part, payload)
            wanted = {name: self._samples[name]} if isinstance(name, str) and name in self._samples else {}
        values, meters = {}, {}
        for name, (find, constant, meter) in wanted.items():
            value = constant if find is None else find(part, payload)
            number = None if value is MISSING else number_of(value, name)
            if number is not None:
                values[name], meters[name] = number, meter
        return values, meters

    def _moment(self, find: Find | None, part: Part, payload: Part, name: str) -> Micros | None:
        told = MISSING if find is None else find(part, payload)
        return None if told is MISSING else moment(told, f"{self._type} {name}")

    def _text(self, find: Find | None, part: Part, payload: Part, name: str, length: int = 255) -> str | None:
        told = MISSING if find is None else find(part, payload)
        return None if told is MISSING else text_of(told, f"{self._type} {name}", length)


def _measured(event: Event, suffix: str, told: Statement) -> Statement:
    """What `told` has of measurements alone."""
    return Statement(
        at=told.at,
        message_id=message_id(event.message_id, f"{suffix}.samples"),
        project_id=told.project_id,
        samples=told.samples,
        meters=told.meters,
        source=told.source,
    )


def tagged(meter: MeterFile) -> dict[str, str]:
    """The attributes that are a label of the resource, with the label."""
    told = {name: attribute_of(one) for name, one in meter.attributes.items()}
    return {name: one.tag for name, one in told.items() if one.tag}


def message_id(told: str, suffix: str) -> str:
    """The id of one fact of a message: the same however many meters there are."""
    whole = f"{told}#{suffix}"
    return whole if len(whole) <= _MESSAGE_ID_LENGTH else f"{hashlib.sha256(whole.encode()).hexdigest()}#"


def _attributes(meter: MeterFile, told: Told) -> list[_Attribute]:
    made = []
    for name, one in {**meter.attributes, **told.attributes}.items():
        about = attribute_of(one)
        find = first_of(listed(about.path)) if about.path else None
        holds = None if about.when is None else Condition(about.when)
        made.append(_Attribute(name, find, _CONVERTED[about.type], about.constant, about.tag, about.null, holds))
    return made


def _samples(meter: MeterFile, told: Told) -> dict[str, _Sample]:
    names: Sequence[str] = told.samples or (list(meter.samples) if told.sample else [])
    return {
        name: _Sample(
            first_of(listed(about.value)) if about.value else None,
            about.constant,
            meter_of(about),
        )
        for name, about in meter.samples.items()
        if name in names and (about.value or about.constant is not None)
    }


def meter_of(sample: meter_files.Sample) -> MeterFormat:
    """How its values are counted."""
    return MeterFormat(sample.kind, sample.unit, sample.hold * SECOND_US if sample.kind == "gauge" else 0)


def _optional(paths: meter_files.Paths) -> Find | None:
    return first_of(listed(paths)) if paths else None


def _among(value: Any, some: Sequence[Any]) -> bool:
    """Equal in value and in kind: `true` isn't 1."""
    return any(type(value) is type(one) and value == one for one in some)
