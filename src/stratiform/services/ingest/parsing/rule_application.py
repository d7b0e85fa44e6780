"""Application of compiled rules to messages: an item of a payload becomes statements."""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec.structs import replace

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing.audit_periods import find_instant
from stratiform.services.ingest.parsing.compiled_rules import (
    CompiledCondition,
    CompiledRule,
    CompiledSample,
)
from stratiform.services.ingest.parsing.envelope import MESSAGE_ID_LENGTH
from stratiform.services.ingest.parsing.payload_paths import MISSING, Find
from stratiform.services.ingest.parsing.payload_values import (
    Payload,
    parse_number,
    parse_tags,
    parse_text,
    parse_time,
    shorten_id,
)
from stratiform.services.ledger.model import MeterFormat, Resource, ResourceStatement, Statement

#: Longer ids are shortened.
_ID_LENGTH = 4096


def apply_rule(rule: CompiledRule, event: Event, item: Payload, suffix: str) -> list[ResourceStatement]:
    """Return the statements of `event` about the resource in `item`, a part of its payload.

    Samples do not change the resource, so they are a statement of their own. `suffix` makes the ids of the statements
    of a message unique. Empty if the condition of the rule is not met. Raises: InvalidMessage.
    """
    payload = event.payload
    if rule.condition is not None and not _is_met(rule.condition, item, payload):
        return []
    samples, meters = _find_samples(rule, item, payload)
    if rule.rule == "sample" and not samples:
        return []
    resource_id = parse_text(rule.find_id(item, payload) or None, f"{rule.resource_type} id", _ID_LENGTH)
    if resource_id is None:
        raise InvalidMessage(f"{rule.resource_type} id is missing")
    statement = _make_statement(rule, event, item, suffix)
    statements = [statement]
    if samples:
        measured = replace(statement, samples=samples, meters=meters)
        statements = [measured] if rule.rule == "sample" else [statement, _samples_only(event, suffix, measured)]
    resource = Resource(event.cloud, rule.resource_type, shorten_id(resource_id))
    return [ResourceStatement(resource, event.event_type, event.publisher_id, statement) for statement in statements]


def build_statement_id(message_id: str, suffix: str) -> str:
    """Return the id of a statement of a message. It does not depend on other meters of the message."""
    key = f"{message_id}#{suffix}"
    return key if len(key) <= MESSAGE_ID_LENGTH else f"{hashlib.sha256(key.encode()).hexdigest()}#"


def _make_statement(rule: CompiledRule, event: Event, item: Payload, suffix: str) -> Statement:
    payload = event.payload
    at = _find_time(rule, rule.find_time, item, payload, "at")
    tags = _find_tags(rule, item, payload)
    state, is_deleted = _find_state(rule, item, payload)
    return Statement(
        at=event.at if at is None or rule.rule in ("start", "stop") else at,
        message_id=build_statement_id(event.message_id, suffix),
        project_id=_find_project(rule, item, payload),
        name=_find_text(rule, rule.find_name, item, payload, "name"),
        state=state,
        launched_at=_find_launch(rule, event, item, at, is_deleted=is_deleted),
        terminated_at=_find_time(rule, rule.find_ended, item, payload, "ended"),
        deleted_at=_find_deletion(rule, event, item, at, is_deleted=is_deleted),
        is_deleted=is_deleted or rule.rule == "stop",
        attributes=_find_attributes(rule, item, payload, tags),
        tags=tags,
        parent=_find_parent(rule, item, payload),
        source=_find_text(rule, rule.find_source, item, payload, "source", 128) or "",
    )


def _samples_only(event: Event, suffix: str, statement: Statement) -> Statement:
    return Statement(
        at=statement.at,
        message_id=build_statement_id(event.message_id, f"{suffix}.samples"),
        project_id=statement.project_id,
        samples=statement.samples,
        meters=statement.meters,
        source=statement.source,
    )


def _find_project(rule: CompiledRule, item: Payload, payload: Payload) -> str | None:
    """Return the project; "" is a resource without a project. Deletions and samples may have none."""
    if rule.find_project is None:
        return None
    value = rule.find_project(item, payload)
    if value is MISSING or value is None:
        if rule.rule in ("start", "update"):
            raise InvalidMessage(f"{rule.resource_type} project is missing")
        return None
    return parse_text(value, "project", 64)


def _find_tags(rule: CompiledRule, item: Payload, payload: Payload) -> dict[str, str] | None:
    value = MISSING if rule.find_tags is None else rule.find_tags(item, payload)
    return None if value is MISSING or value is None or value == "" else parse_tags(value, "tags")


def _find_launch(
    rule: CompiledRule, event: Event, item: Payload, at: Micros | None, *, is_deleted: bool
) -> Micros | None:
    """Return the start of the use. Nothing starts with a notification that the resource is deleted."""
    launched = _find_time(rule, rule.find_launched, item, event.payload, "launched")
    if launched is not None or rule.rule != "start" or is_deleted:
        return launched
    instants = (at, find_instant(event.payload), event.at)
    return next(instant for instant in instants if instant is not None)


def _find_deletion(
    rule: CompiledRule, event: Event, item: Payload, at: Micros | None, *, is_deleted: bool
) -> Micros | None:
    """Return the time of the deletion.

    A usage audit repeats deletions later; the time of such a notification is not that of the deletion.
    """
    is_stop = rule.rule == "stop"
    if not (is_stop or is_deleted):
        return None
    deleted = _find_time(rule, rule.find_deleted, item, event.payload, "deleted_at")
    if not is_stop:
        return deleted
    instants = (at, deleted, find_instant(event.payload))
    instant = next((each for each in instants if each is not None), None)
    return event.at if rule.has_exact_time and _is_same(instant, event.at) else instant


def _is_same(instant: Micros | None, at: Micros) -> bool:
    """Return True if `at` is the same time as `instant`, which is unknown or truncated to seconds."""
    return instant is None or (instant % SECOND_US == 0 and instant == at - at % SECOND_US)


def _find_state(rule: CompiledRule, item: Payload, payload: Payload) -> tuple[str | None, bool]:
    """Return the state, and True if it is that of a resource which does not exist any more."""
    states = rule.states
    value = None if states is None else _find_text(rule, states.find, item, payload, "state")
    if states is None or value is None:
        return rule.state, False
    return rule.state or states.find_state(value), states.is_deleted(value)


def _find_parent(rule: CompiledRule, item: Payload, payload: Payload) -> tuple[str, str] | None:
    if rule.parent is None:
        return None
    parent_id = _find_text(rule, rule.parent.find_id, item, payload, "parent", _ID_LENGTH)
    return None if parent_id is None else (rule.parent.resource_type, shorten_id(parent_id))


def _find_attributes(
    rule: CompiledRule, item: Payload, payload: Payload, tags: Mapping[str, str] | None
) -> dict[str, object]:
    attributes: dict[str, object] = {}
    for name, find, convert, constant, tag, is_nullable, condition in rule.attributes:
        if condition is not None and not _is_met(condition, item, payload):
            continue
        if find is None:
            if constant is not None:
                attributes[name] = constant
            elif tags is not None:
                attributes[name] = tags.get(tag) or None
            continue
        value = find(item, payload)
        if value is MISSING:
            continue
        value = convert(value, name)
        if value is not None or is_nullable:
            attributes[name] = value
    return attributes


def _find_samples(
    rule: CompiledRule, item: Payload, payload: Payload
) -> tuple[dict[str, Decimal], dict[str, MeterFormat]]:
    """Return values and formats by meter."""
    values: dict[str, Decimal] = {}
    meters: dict[str, MeterFormat] = {}
    for name, (find, constant, meter_format) in _select_samples(rule, item, payload).items():
        value = constant if find is None else find(item, payload)
        number = None if value is MISSING else parse_number(value, name)
        if number is not None:
            values[name], meters[name] = number, meter_format
    return values, meters


def _select_samples(rule: CompiledRule, item: Payload, payload: Payload) -> Mapping[str, CompiledSample]:
    """Return all samples of the rule, or the one that the item names."""
    if rule.find_sample_name is None or not rule.samples:
        return rule.samples
    name = rule.find_sample_name(item, payload)
    return {name: rule.samples[name]} if isinstance(name, str) and name in rule.samples else {}


def _find_time(rule: CompiledRule, find: Find | None, item: Payload, payload: Payload, name: str) -> Micros | None:
    value = MISSING if find is None else find(item, payload)
    return None if value is MISSING else parse_time(value, f"{rule.resource_type} {name}")


def _find_text(
    rule: CompiledRule, find: Find | None, item: Payload, payload: Payload, name: str, max_length: int = 255
) -> str | None:
    value = MISSING if find is None else find(item, payload)
    return None if value is MISSING else parse_text(value, f"{rule.resource_type} {name}", max_length)


def _is_met(condition: CompiledCondition, item: Payload, payload: Payload) -> bool:
    value = condition.find(item, payload)
    if value is MISSING:
        value = None
    if condition.one_of and not _contains(condition.one_of, value):
        return False
    return not _contains(condition.none_of, value)


def _contains(values: Sequence[object], value: object) -> bool:
    """Compare value and type: in Python, `True == 1`."""
    return any(type(candidate) is type(value) and candidate == value for candidate in values)
