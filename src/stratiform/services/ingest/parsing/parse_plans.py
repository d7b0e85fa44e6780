"""Compilation of meter files to parse plans: the steps that parse the events of a type."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stratiform.services.ingest.parsing.builtin_parsers import OWN_EVENT_PARSERS, PARSERS_BY_RULE, EventParser
from stratiform.services.ingest.parsing.compiled_rules import CompiledRule, compile_rule, list_tag_attributes
from stratiform.services.ingest.parsing.meter_files import FILE_RULES, EventRule, MeterFile, list_paths
from stratiform.services.ingest.parsing.parse_steps import BuiltinStep, ListStep, ParseStep, ResourceStep, StructStep
from stratiform.services.ingest.parsing.payload_paths import compile_paths
from stratiform.services.ingest.parsing.payload_structs import StructParser

ParsePlan = Sequence[ParseStep]


@dataclass(frozen=True, slots=True)
class _SelectedRule:
    meter_file: MeterFile
    rule: EventRule


def compile_plan(meter_files: Iterable[MeterFile], event_type: str) -> ParsePlan:
    """Return the plan of an event type; it is empty if no meter file has a rule for the type."""
    for pattern, parser in OWN_EVENT_PARSERS:
        if matches_event_type(pattern, event_type):
            return (BuiltinStep(parser, {}),)
    return tuple(
        _compile_steps([selected for meter_file in meter_files for selected in _select_rules(meter_file, event_type)])
    )


def matches_event_type(pattern: str, event_type: str) -> bool:
    """Return True if the type is equal to the pattern, or starts with a pattern that ends with `*`."""
    return event_type.startswith(pattern[:-1]) if pattern.endswith("*") else event_type == pattern


def _select_rules(meter_file: MeterFile, event_type: str) -> list[_SelectedRule]:
    """Return the rules of a meter file for an event type.

    Rules with the exact type outrank all others; without one, a rule `ignore` outranks rules with a pattern.
    """
    matching = [
        rule for rule in meter_file.events if any(matches_event_type(pattern, event_type) for pattern in rule.types)
    ]
    exact = [rule for rule in matching if rule.rule != "ignore" and event_type in rule.types]
    if exact:
        return [_SelectedRule(meter_file, rule) for rule in exact]
    if any(rule.rule == "ignore" for rule in matching):
        return []
    return [_SelectedRule(meter_file, rule) for rule in matching]


def _compile_steps(selected: Sequence[_SelectedRule]) -> Iterator[ParseStep]:
    """Return a step per builtin parser, per meter file, and per list of items."""
    resource_rules: dict[str, list[CompiledRule]] = defaultdict(list)
    list_rules: dict[str, list[CompiledRule]] = defaultdict(list)
    for choice in selected:
        if choice.rule.rule not in FILE_RULES:
            yield _build_step(PARSERS_BY_RULE[choice.rule.rule], list_tag_attributes(choice.meter_file))
        elif choice.rule.each:
            list_rules[choice.rule.each].append(compile_rule(choice.meter_file, choice.rule))
        else:
            resource_rules[choice.meter_file.name].append(compile_rule(choice.meter_file, choice.rule))
    roots = {choice.meter_file.name: list_paths(choice.meter_file.root) for choice in selected}
    for resource_type, rules in resource_rules.items():
        bulk_lists = [
            compile_paths([path])
            for path, bulk_rules in list_rules.items()
            if any(rule.resource_type == resource_type for rule in bulk_rules)
        ]
        root = roots[resource_type]
        yield ResourceStep(resource_type, compile_paths(root) if root else None, rules, bulk_lists)
    for path, rules in list_rules.items():
        yield _compile_list_step(path, rules)


def _build_step(parser: EventParser | StructParser[Any], tag_attributes: Mapping[str, str]) -> ParseStep:
    if isinstance(parser, StructParser):
        return StructStep(parser, tag_attributes)
    return BuiltinStep(parser, tag_attributes)


def _compile_list_step(path: str, rules: Sequence[CompiledRule]) -> ListStep:
    sample_rules: dict[str, list[CompiledRule]] = defaultdict(list)
    name_rules: dict[str, CompiledRule] = {}
    for rule in rules:
        if rule.find_sample_name is not None:
            name_rules.setdefault(str(rule.sample_name_path), rule)
            for name in rule.samples:
                sample_rules[name].append(rule)
    other_rules = [rule for rule in rules if rule.find_sample_name is None]
    return ListStep(path, compile_paths([path]), dict(sample_rules), [*name_rules.values()], other_rules)
