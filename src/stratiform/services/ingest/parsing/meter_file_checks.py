"""Checks of meter files that the types of `meter_files` can't express. A problem is a key and a text."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from stratiform.services.ingest.parsing.meter_files import (
    FILE_RULES,
    AttributeDefinition,
    EventRule,
    MeterFile,
    Paths,
    SampleDefinition,
    StateMapping,
    list_paths,
    to_attribute_definition,
)
from stratiform.services.ingest.parsing.payload_paths import split_path

Problem = tuple[str, str]

_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SAMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")

#: The keys of paths in a meter file, in a rule, and in all other tables.
_METER_FILE_PATH_KEYS = ("root", "launched", "ended", "deleted_at")
_RULE_PATH_KEYS = ("at", "each", "sample")
_PATH_KEYS = ("path", "id", "project", "name", "tags", "source", "value")


def find_problems(meter_file: MeterFile) -> Iterator[Problem]:
    """Iterate over the problems of a meter file."""
    if meter_file.identity is None and any(rule.rule in FILE_RULES for rule in meter_file.events):
        yield "identity", "missing table: the paths of id and project"
    yield from _path_problems("", meter_file)
    yield from _attribute_problems("attributes", meter_file.attributes)
    if meter_file.state is not None:
        yield from _state_problems(meter_file.state)
    for name, sample in meter_file.samples.items():
        yield from _sample_problems(f"samples.{name}", name, sample)
    for index, rule in enumerate(meter_file.events):
        yield from _rule_problems(f"events[{index}]", rule, meter_file)


def _rule_problems(key: str, rule: EventRule, meter_file: MeterFile) -> Iterator[Problem]:
    for event_type in rule.types or [""]:
        if not event_type or "*" in event_type.rstrip("*") or event_type.count("*") > 1:
            yield f"{key}.type", f"'{event_type}' is not a valid event type: `*` is allowed only at the end"
    for name in rule.samples:
        if name not in meter_file.samples:
            yield f"{key}.samples", f"missing table [samples.{name}]"
    if rule.rule == "sample" and not rule.samples and not rule.sample:
        yield key, "rule 'sample' needs `samples` (their names), or `sample` (the path of the name)"
    if rule.exact and rule.rule != "stop":
        yield f"{key}.exact", "requires rule = 'stop'"
    if rule.when and not (rule.when.one_of or rule.when.none_of):
        yield f"{key}.when", "`one_of` or `none_of` is required"
    yield from _attribute_problems(f"{key}.attributes", rule.attributes)


def _attribute_problems(key: str, attributes: Mapping[str, str | AttributeDefinition]) -> Iterator[Problem]:
    for name, value in attributes.items():
        definition = to_attribute_definition(value)
        if not _ATTRIBUTE.fullmatch(name):
            yield f"{key}.{name}", "the name of an attribute must consist of lowercase letters, digits and _"
        if isinstance(value, str):
            yield from _check_paths(f"{key}.{name}", value)
        if sum((bool(definition.path), definition.constant is not None, bool(definition.tag))) != 1:
            yield f"{key}.{name}", "exactly one of `path`, `constant` and `tag` is required"


def _state_problems(states: StateMapping) -> Iterator[Problem]:
    if not (states.map or states.deleted):
        yield "state", "`map` or `deleted` is required"
    for value in states.deleted:
        if value in states.map:
            yield "state.deleted", f"'{value}' is also in `map`"


def _sample_problems(key: str, name: str, sample: SampleDefinition) -> Iterator[Problem]:
    if not _SAMPLE.fullmatch(name):
        yield key, "the name of a sample must consist of 1 to 64 letters, digits and . _ : -"
    if sample.value and sample.constant is not None:
        yield key, "`value` and `constant` are mutually exclusive"


def _path_problems(key: str, value: object) -> Iterator[Problem]:
    """Check all paths in a table and its tables."""
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _path_problems(f"{key}[{index}]", item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _path_problems(f"{key}.{name}", item)
    elif isinstance(value, msgspec.Struct):
        path_keys = _path_keys(value)
        for name in value.__struct_fields__:
            field_key, field = f"{key}.{name}".lstrip("."), getattr(value, name)
            yield from _check_paths(field_key, field) if name in path_keys else _path_problems(field_key, field)


def _path_keys(table: msgspec.Struct) -> tuple[str, ...]:
    if isinstance(table, MeterFile):
        return _METER_FILE_PATH_KEYS
    return _RULE_PATH_KEYS if isinstance(table, EventRule) else _PATH_KEYS


def _check_paths(key: str, paths: Paths) -> Iterator[Problem]:
    for path in list_paths(paths):
        try:
            split_path(path.removeprefix("/"))
        except ValueError as error:
            yield key, str(error)
