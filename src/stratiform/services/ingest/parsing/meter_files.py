"""The format of meter files: the tables of the TOML file as immutable structs. See `docs/howto/add-a-meter.md`.

`meter_file_parser` compiles a file to a checked `MeterFile`; `compiled_rules` compiles its rules for messages, and
`rule_application` applies them.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

#: Rules that the file itself defines.
FILE_RULES = ("start", "update", "stop", "sample")

#: `ignore`, a rule of the file, or the name of a parser in Python (`builtin_parsers`).
Rule = Literal["start", "update", "stop", "sample", "ignore", "nova", "nova-versioned", "cinder", "volume-type"]

#: `decimal` is a string of decimal digits.
ValueType = Literal["text", "integer", "decimal", "boolean"]

#: A path, or several alternatives.
Paths = str | tuple[str, ...]

_Line = Annotated[str, Meta(min_length=1, max_length=200)]
_Text = Annotated[str, Meta(min_length=1)]
_State = Annotated[str, Meta(min_length=1, max_length=32)]
_ResourceType = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class MeterFileTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a meter file. Unknown keys are errors."""


class ParentDefinition(MeterFileTable, frozen=True):
    """The resource with which the resource ends at the latest."""

    type: _ResourceType
    id: Paths


class IdentityPaths(MeterFileTable, frozen=True):
    """The paths of id, project, name and tags. `source`: the path of the id of a counter, if a resource has several."""

    id: Paths
    project: Paths = ""
    name: Paths = ""
    tags: Paths = ""
    parent: ParentDefinition | None = None
    source: Paths = ""


class IdentityOverrides(MeterFileTable, frozen=True):
    """The keys of the identity that are elsewhere in the events of one rule."""

    id: Paths = ""
    project: Paths = ""
    name: Paths = ""
    tags: Paths = ""
    parent: ParentDefinition | None = None
    source: Paths = ""


class RuleCondition(MeterFileTable, frozen=True):
    """The value at `path` must be in `one_of`, if there are any, and not in `none_of`."""

    path: Paths
    one_of: tuple[object, ...] = ()
    none_of: tuple[object, ...] = ()


class AttributeDefinition(MeterFileTable, frozen=True):
    """An attribute: the value at `path`, the constant, or the tag `tag` of the resource.

    `null`: a null at `path` removes the attribute; otherwise it is ignored.
    """

    path: Paths = ""
    type: ValueType = "text"
    constant: str | int | bool | None = None
    tag: str = ""
    null: bool = False
    when: RuleCondition | None = None


class StateMapping(MeterFileTable, frozen=True):
    """The state of the resource: `map` translates the value at `path`. A key with `*` at its end is a prefix.

    A value that is not in `map` leaves the state as it is. `deleted`: the values, or prefixes, of a resource that does
    not exist any more, which any notification may have.
    """

    path: Paths
    map: Mapping[str, _State] = {}
    deleted: tuple[_Text, ...] = ()


class SampleDefinition(MeterFileTable, frozen=True):
    """A meter of the resource. `hold`: for how long a value of a gauge is valid (seconds).

    `poll`: connector kind to the table for its `list_samples`.
    """

    kind: Literal["delta", "cumulative", "gauge"]
    unit: Annotated[str, Meta(min_length=1, max_length=32)]
    title: str = ""
    value: Paths = ""
    constant: int | None = None
    hold: Annotated[int, Meta(ge=1)] = 3600
    poll: Mapping[str, Mapping[str, object]] = {}


class EventRule(MeterFileTable, frozen=True):
    """A rule for events of some types.

    `each`: path of a list, each item of which is a resource. `sample`: path of the name of the only sample. `exact`: a
    `stop` is sent at the moment of the deletion. `why`: the reason to ignore the events.
    """

    type: str | tuple[str, ...]
    rule: Rule
    at: Paths = ""
    exact: bool = False
    each: str = ""
    when: RuleCondition | None = None
    state: _State | None = None
    identity: IdentityOverrides = IdentityOverrides()
    attributes: Mapping[str, str | AttributeDefinition] = {}
    samples: tuple[str, ...] = ()
    sample: Paths = ""
    reason: str = ""

    @property
    def types(self) -> Sequence[str]:
        """All event types of the rule."""
        return [self.type] if isinstance(self.type, str) else self.type


class MeterFile(MeterFileTable, frozen=True):
    """A meter file. `name` is the resource type; paths start at `root`.

    `launched` and `ended` are paths of times in all events: when the use of the resource started and ended.
    `deleted_at` is the path of the time of its deletion, which counts in events of a deleted resource.
    """

    name: _ResourceType
    title: _Line
    unit: _Line
    source: _Line
    description: str = ""
    root: Paths = ""
    launched: Paths = ""
    ended: Paths = ""
    deleted_at: Paths = ""
    identity: IdentityPaths | None = None
    attributes: Mapping[str, str | AttributeDefinition] = {}
    state: StateMapping | None = None
    events: tuple[EventRule, ...] = ()
    samples: Mapping[str, SampleDefinition] = {}


class IgnoredEvents(MeterFileTable, frozen=True):
    """Event types that change no usage, and the reason."""

    type: str | tuple[str, ...]
    reason: _Line

    @property
    def types(self) -> Sequence[str]:
        """All event types of the entry."""
        return [self.type] if isinstance(self.type, str) else self.type


class IgnoredEventsFile(MeterFileTable, frozen=True):
    """The file `ignored_events.toml`."""

    ignored_events: tuple[IgnoredEvents, ...]


def list_paths(paths: Paths) -> Sequence[str]:
    """Return all paths of a key."""
    return ([paths] if paths else []) if isinstance(paths, str) else paths


def to_attribute_definition(definition: str | AttributeDefinition) -> AttributeDefinition:
    """Return the definition; a string is the path of a text."""
    return AttributeDefinition(path=definition) if isinstance(definition, str) else definition


def list_attributes(meter_file: MeterFile) -> list[tuple[str, AttributeDefinition]]:
    """Return the attributes of the file and of its rules; a name may occur several times."""
    tables = (meter_file.attributes, *(rule.attributes for rule in meter_file.events))
    return [(name, to_attribute_definition(definition)) for table in tables for name, definition in table.items()]
