"""Rules of meter files, compiled: paths are functions, states and conversions are looked up once.

`rule_application` applies them to messages.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stratiform.kit.clock import SECOND_US
from stratiform.services.ingest.parsing.meter_files import (
    AttributeDefinition,
    EventRule,
    MeterFile,
    ParentDefinition,
    Paths,
    Rule,
    RuleCondition,
    SampleDefinition,
    StateMapping,
    ValueType,
    list_paths,
    to_attribute_definition,
)
from stratiform.services.ingest.parsing.payload_paths import Find, compile_paths
from stratiform.services.ingest.parsing.payload_values import parse_boolean, parse_integer, parse_number, parse_text
from stratiform.services.ledger.model import MeterFormat

#: Converts a value; the second argument is its name in errors.
Convert = Callable[[object, str], object]


class CompiledCondition(NamedTuple):
    """A condition on one value."""

    find: Find
    one_of: Sequence[object]
    none_of: Sequence[object]


class CompiledAttribute(NamedTuple):
    """An attribute. Without `find`, its value is `constant`, or the tag `tag` of the resource."""

    name: str
    find: Find | None
    convert: Convert
    constant: object
    tag: str
    is_nullable: bool
    condition: CompiledCondition | None


class CompiledSample(NamedTuple):
    """A sample. Without `find`, its value is `constant`."""

    find: Find | None
    constant: int | None
    meter_format: MeterFormat


class CompiledParent(NamedTuple):
    """The parent of a resource."""

    resource_type: str
    find_id: Find


class CompiledStates(NamedTuple):
    """Translation of states: exact values, then prefixes. `deleted` and `deleted_prefixes`: it does not exist."""

    find: Find
    exact: Mapping[str, str]
    prefixes: Sequence[tuple[str, str]]
    deleted: frozenset[str]
    deleted_prefixes: tuple[str, ...]

    def find_state(self, value: str) -> str | None:
        """Return the state; None if it is unknown or a transition."""
        if value in self.exact:
            return self.exact[value]
        return next((state for prefix, state in self.prefixes if value.startswith(prefix)), None)

    def is_deleted(self, value: str) -> bool:
        """Return True if the resource does not exist any more."""
        return value in self.deleted or value.startswith(self.deleted_prefixes)


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule of a meter file. `find_…` is None if the file has no path for the value.

    `sample_name_path` is the path of `find_sample_name`.
    """

    resource_type: str
    rule: Rule
    condition: CompiledCondition | None
    find_id: Find
    find_project: Find | None
    find_name: Find | None
    find_tags: Find | None
    find_source: Find | None
    parent: CompiledParent | None
    find_time: Find | None
    find_launched: Find | None
    find_ended: Find | None
    find_deleted: Find | None
    has_exact_time: bool
    state: str | None
    states: CompiledStates | None
    attributes: Sequence[CompiledAttribute]
    samples: Mapping[str, CompiledSample]
    sample_name_path: Paths
    find_sample_name: Find | None


def compile_rule(meter_file: MeterFile, rule: EventRule) -> CompiledRule:
    """Compile a rule of a checked meter file."""
    identity, overrides = meter_file.identity, rule.identity
    assert identity is not None, "meter_file_checks requires it"
    is_sample = rule.rule == "sample"  # a sample states nothing else about its resource
    return CompiledRule(
        resource_type=meter_file.name,
        rule=rule.rule,
        condition=_compile_condition(rule.when),
        find_id=compile_paths(list_paths(overrides.id or identity.id)),
        find_project=_compile_optional(overrides.project or identity.project),
        find_name=_compile_optional(overrides.name or identity.name),
        find_tags=_compile_optional(overrides.tags or identity.tags),
        find_source=_compile_optional(overrides.source or identity.source),
        parent=_compile_parent(overrides.parent or identity.parent),
        find_time=_compile_optional(rule.at),
        find_launched=None if is_sample else _compile_optional(meter_file.launched),
        find_ended=None if is_sample else _compile_optional(meter_file.ended),
        find_deleted=None if is_sample else _compile_optional(meter_file.deleted_at),
        has_exact_time=rule.exact,
        state=rule.state,
        states=None if is_sample else compile_states(meter_file.state),
        attributes=() if is_sample else _compile_attributes(meter_file, rule),
        samples=_compile_samples(meter_file, rule),
        sample_name_path=rule.sample,
        find_sample_name=_compile_optional(rule.sample),
    )


def build_meter_format(sample: SampleDefinition) -> MeterFormat:
    """Return how the values of a sample are counted."""
    return MeterFormat(sample.kind, sample.unit, sample.hold * SECOND_US if sample.kind == "gauge" else 0)


def list_tag_attributes(meter_file: MeterFile) -> dict[str, str]:
    """Return the attributes that are tags of the resource: attribute to tag."""
    definitions = {name: to_attribute_definition(value) for name, value in meter_file.attributes.items()}
    return {name: definition.tag for name, definition in definitions.items() if definition.tag}


def _compile_optional(paths: Paths) -> Find | None:
    return compile_paths(list_paths(paths)) if paths else None


def _compile_condition(condition: RuleCondition | None) -> CompiledCondition | None:
    if condition is None:
        return None
    return CompiledCondition(compile_paths(list_paths(condition.path)), condition.one_of, condition.none_of)


def _compile_parent(parent: ParentDefinition | None) -> CompiledParent | None:
    return None if parent is None else CompiledParent(parent.type, compile_paths(list_paths(parent.id)))


def compile_states(mapping: StateMapping | None) -> CompiledStates | None:
    """Compile the states of a checked meter file; None if it has none."""
    if mapping is None or not mapping.path:
        return None
    return CompiledStates(
        find=compile_paths(list_paths(mapping.path)),
        exact={key: state for key, state in mapping.map.items() if not key.endswith("*")},
        prefixes=[(key[:-1], state) for key, state in mapping.map.items() if key.endswith("*")],
        deleted=frozenset(value for value in mapping.deleted if not value.endswith("*")),
        deleted_prefixes=tuple(value[:-1] for value in mapping.deleted if value.endswith("*")),
    )


def _compile_attributes(meter_file: MeterFile, rule: EventRule) -> list[CompiledAttribute]:
    definitions = {**meter_file.attributes, **rule.attributes}
    return [_compile_attribute(name, to_attribute_definition(value)) for name, value in definitions.items()]


def _compile_attribute(name: str, definition: AttributeDefinition) -> CompiledAttribute:
    return CompiledAttribute(
        name=name,
        find=_compile_optional(definition.path),
        convert=_CONVERSIONS[definition.type],
        constant=definition.constant,
        tag=definition.tag,
        is_nullable=definition.null,
        condition=_compile_condition(definition.when),
    )


def _compile_samples(meter_file: MeterFile, rule: EventRule) -> dict[str, CompiledSample]:
    names = rule.samples or (meter_file.samples if rule.sample else ())
    return {
        name: CompiledSample(_compile_optional(sample.value), sample.constant, build_meter_format(sample))
        for name, sample in meter_file.samples.items()
        if name in names and (sample.value or sample.constant is not None)
    }


def _parse_decimal_text(value: object, name: str) -> str | None:
    number = parse_number(value, name)
    return None if number is None else str(number)


_CONVERSIONS: dict[ValueType, Convert] = {
    "text": parse_text,
    "integer": parse_integer,
    "decimal": _parse_decimal_text,
    "boolean": parse_boolean,
}
