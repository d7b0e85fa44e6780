"""The steps of parsing an event. `parse_plans` compiles the steps of an event type once; they parse all its events."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing.builtin_parsers import EventParser
from stratiform.services.ingest.parsing.compiled_rules import CompiledRule
from stratiform.services.ingest.parsing.envelope import Message
from stratiform.services.ingest.parsing.payload_paths import MISSING, Find
from stratiform.services.ingest.parsing.payload_structs import StructParser
from stratiform.services.ingest.parsing.payload_values import Payload
from stratiform.services.ingest.parsing.rule_application import apply_rule
from stratiform.services.ledger.model import ResourceStatement


class ParseStep(Protocol):
    """Parses the part of an event that concerns some meters."""

    def parse(self, event: Event) -> Iterator[ResourceStatement | InvalidMessage]:
        """Iterate over the statements, and over the errors of invalid items. Raises: InvalidMessage."""


class BuiltinStep(NamedTuple):
    """Parses with a parser in Python. `tag_attributes`: attributes of the meter file that are tags of the resource."""

    parser: EventParser
    tag_attributes: Mapping[str, str]

    def parse(self, event: Event) -> Iterator[ResourceStatement]:
        """See `ParseStep`."""
        parsed = self.parser(event)
        if parsed is not None:
            yield _add_tag_attributes(parsed, self.tag_attributes)


class StructStep(NamedTuple):
    """As `BuiltinStep`, with a parser of structs."""

    parser: StructParser[Any]
    tag_attributes: Mapping[str, str]

    def parse(self, event: Event) -> Iterator[ResourceStatement]:
        """See `ParseStep`."""
        yield _add_tag_attributes(self.parser.parse_decoded(event, event.cloud, event.payload), self.tag_attributes)

    def parse_message(self, message: Message, cloud: str) -> ResourceStatement:
        """Return the statement of a message. Raises: InvalidMessage."""
        return _add_tag_attributes(self.parser.parse(message, cloud, message.payload), self.tag_attributes)


def _add_tag_attributes(parsed: ResourceStatement, tag_attributes: Mapping[str, str]) -> ResourceStatement:
    tags = parsed.statement.tags
    if not tag_attributes or tags is None:
        return parsed
    values = {name: tags.get(tag) or None for name, tag in tag_attributes.items()}
    return replace(parsed, statement=replace(parsed.statement, attributes=parsed.statement.attributes | values))


class ResourceStep(NamedTuple):
    """Parses an event about one resource with the first rule whose condition is met.

    `bulk_lists`: lists of several resources that the event may have instead, which a `ListStep` parses.
    """

    resource_type: str
    find_root: Find | None
    rules: Sequence[CompiledRule]
    bulk_lists: Sequence[Find]

    def parse(self, event: Event) -> Iterator[ResourceStatement]:
        """See `ParseStep`."""
        root = self._find_root(event.payload)
        if not root and any(isinstance(find(event.payload, event.payload), list) for find in self.bulk_lists):
            return
        for rule in self.rules:
            statements = apply_rule(rule, event, root, self.resource_type)
            if statements:
                yield from statements
                return

    def _find_root(self, payload: Payload) -> Payload:
        if self.find_root is None:
            return payload
        root = self.find_root(payload, payload)
        if root is MISSING or root is None:
            return {}
        if not isinstance(root, dict):
            raise InvalidMessage(f"the {self.resource_type} is not an object")
        return root


class ListStep(NamedTuple):
    """Parses a list of items. For each resource type, the first rule whose condition is met counts.

    `sample_rules`: the rules that apply to items with this sample name, and `name_rules` the rules that find the name.
    `other_rules` apply to all items.
    """

    path: str
    find_list: Find
    sample_rules: Mapping[str, Sequence[CompiledRule]]
    name_rules: Sequence[CompiledRule]
    other_rules: Sequence[CompiledRule]

    def parse(self, event: Event) -> Iterator[ResourceStatement | InvalidMessage]:
        """See `ParseStep`. An invalid item does not affect the others."""
        items = self.find_list(event.payload, event.payload)
        if items is MISSING or items is None:
            return
        if not isinstance(items, list):
            raise InvalidMessage(f"{self.path} is not a list")
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                yield InvalidMessage(f"{self.path}[{index}] is not an object")
                continue
            try:
                yield from self._parse_item(event, item, index)
            except InvalidMessage as error:
                yield InvalidMessage(f"{self.path}[{index}]: {error.message}")

    def _parse_item(self, event: Event, item: Payload, index: int) -> Iterator[ResourceStatement]:
        sample_rules: list[CompiledRule] = []
        for rule in self.name_rules:
            name = None if rule.find_sample_name is None else rule.find_sample_name(item, event.payload)
            sample_rules += self.sample_rules.get(name, ()) if isinstance(name, str) else ()
        parsed = set()
        for rule in itertools.chain(sample_rules, self.other_rules):
            if rule.resource_type not in parsed:
                statements = apply_rule(rule, event, item, f"{rule.resource_type}.{self.path}.{index}")
                if statements:
                    parsed.add(rule.resource_type)
                    yield from statements
