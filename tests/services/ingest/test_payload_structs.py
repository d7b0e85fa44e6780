"""Payloads that are decoded to structs give the same statements and errors as those that are converted by value."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing import MessageParser, parse_event
from stratiform.services.ledger.model import ResourceStatement
from support.ledger import recorded
from support.profiles import examples
from support.workload import random_notifications

PARSER = MessageParser.load()

#: Values of older releases and other services, and invalid ones.
VALUES: list[Any] = [
    None, "", 0, 7, -1, 1.0, 2.5, 1e300, 10**30, True, False, "4", "04", "x" * 300, "x" * 5000, "a\x00b", "\ud800", "é",
    "\\u0000", "2026-01-01T10:00:00Z", "2026-01-01 10:00:00.25", "soon", "deleted", "shelved", "available", [], {},
    [[]], ["x"], [{}], {"a": "b"}, {"a": None}, {"a": 1}, [{"key": "a", "value": "b"}],
    [{"instance_uuid": "i", "attach_status": 5}], {"nova_object.data": {}}, {"nova_object.data": None},
    {"nova_object.data": []},
]  # fmt: skip


def parse(raw: bytes, *, is_decoded: bool) -> list[ResourceStatement] | str:
    """Return the statements of a message, or the error."""
    try:
        if is_decoded:
            return [*PARSER.parse_event(parse_event(raw, "c"))]
        return [*PARSER.parse_message("c", raw).statements]
    except InvalidMessage as error:
        return error.message


def list_paths(payload: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(payload, dict):
        for key, value in payload.items():
            yield (*path, key)
            yield from list_paths(value, (*path, key))


def replace(payload: Any, path: tuple[str, ...], value: object) -> Any:
    key, *rest = path
    return payload | {key: replace(payload[key], tuple(rest), value) if rest else value}


MESSAGES = [
    document
    for line in [*recorded(), *random_notifications(Random(5), 8)]
    for document in [json.loads(line)]
    for document in [document.get("body", document)]
    for document in [json.loads(document) if isinstance(document, str) else document]
    for document in [json.loads(document["oslo.message"]) if "oslo.message" in document else document]
    if document["event_type"].startswith(("compute.instance.", "instance.", "volume."))
]


def test_recorded_and_random_messages() -> None:
    assert len({message["event_type"] for message in MESSAGES}) > 20
    for message in MESSAGES:
        raw = json.dumps(message).encode()
        assert parse(raw, is_decoded=False) == parse(raw, is_decoded=True)
        assert not isinstance(parse(raw, is_decoded=False), str)


@settings(max_examples=examples(1000))
@given(st.sampled_from(MESSAGES), st.data())
def test_changed_messages(message: dict[str, Any], data: Any) -> None:
    path = data.draw(st.sampled_from([*list_paths(message["payload"])]))
    payload = replace(message["payload"], path, data.draw(st.sampled_from(VALUES)))
    raw = json.dumps(message | {"payload": payload}).encode()
    assert parse(raw, is_decoded=False) == parse(raw, is_decoded=True)


def test_flavor_without_values() -> None:
    message = next(message for message in MESSAGES if message["event_type"] == "instance.create.start")
    payload = replace(message["payload"], ("nova_object.data", "flavor"), {"nova_object.data": {}})
    raw = json.dumps(message | {"payload": payload}).encode()
    statements = parse(raw, is_decoded=True)
    assert not isinstance(statements, str)
    assert "flavor" not in statements[0].statement.attributes
    assert parse(raw, is_decoded=False) == statements


@pytest.mark.parametrize("name", ["Größe", "日本", "🙂", 'quoted "name"', "back\\slash"])
def test_names_with_escaped_characters(name: str) -> None:
    message = next(message for message in MESSAGES if message["event_type"] == "volume.create.end")
    raw = json.dumps(message | {"payload": message["payload"] | {"display_name": name}}).encode()
    (parsed,) = PARSER.parse_message("c", raw).statements
    assert parsed.statement.name == name


@pytest.mark.parametrize(
    ("name", "reason"), [("a\x00b", "display_name has invalid characters"), ("\ud800", "not JSON: .*surrogate")]
)
def test_names_that_cannot_be_stored(name: str, reason: str) -> None:
    message = next(message for message in MESSAGES if message["event_type"] == "volume.create.end")
    raw = json.dumps(message | {"payload": message["payload"] | {"display_name": name}}).encode()
    with pytest.raises(InvalidMessage, match=reason):
        PARSER.parse_message("c", raw)
