"""Payloads with invalid or random values are rejected, and cause no other exception."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing import parse_event
from support.ledger import recorded
from support.meter_events import AT, PARSER, PORT, event
from support.payloads import BACKUP, BALANCER, BALANCER_OF_DRIVERS, POLLED, REQUEST
from support.profiles import examples

INVALID_VALUES: tuple[Any, ...] = (
    7,
    -1,
    1.5,
    10**30,
    True,
    "",
    "x",
    "a\x00b",
    "\ud800",
    "y" * 5000,
    [],
    [1],
    [{}],
    {},
    {"a": 1},
    None,
)


def with_invalid_values(payload: Any) -> Iterator[Any]:
    """Iterate over copies of the payload, each with another value replaced by an invalid one."""
    if isinstance(payload, dict):
        for key in payload:
            for value in INVALID_VALUES:
                yield {**payload, key: value}
            for value in with_invalid_values(payload[key]):
                yield {**payload, key: value}
    elif isinstance(payload, list):
        for index, item in enumerate(payload[:2]):
            for value in (*INVALID_VALUES, *with_invalid_values(item)):
                yield [*payload[:index], value, *payload[index + 1 :]]


def example_payloads() -> dict[str, dict[str, Any]]:
    """Return a payload of every metered event type."""
    payloads = {"octavia.loadbalancer.create.end": BALANCER, "octavia.loadbalancer.delete.end": BALANCER_OF_DRIVERS}
    payloads |= {"objectstore.http.request": REQUEST, "backup.create.end": BACKUP, "telemetry.polling": POLLED}
    payloads |= {"port.create.end ": {"ports": [PORT, PORT]}}
    for line in recorded():
        event = parse_event(line, "c")
        if PARSER.is_metered(event.event_type):
            payloads.setdefault(event.event_type, event.payload)
    return payloads


@pytest.mark.parametrize("event_type", sorted(example_payloads()))
def test_invalid_payload_is_rejected_without_other_exceptions(event_type: str) -> None:
    for payload in with_invalid_values(copy.deepcopy(example_payloads()[event_type])):
        try:
            statements = PARSER.parse_event(event(event_type.strip(), payload))
        except InvalidMessage:
            continue
        for statement in statements:
            assert 0 < len(statement.resource.resource_id) <= 128


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "port", "ports", "samples", "network", "status", "created_at", "counter_name", "tags"]
            )
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=examples(300))
@given(st.sampled_from(sorted(example_payloads())), st.dictionaries(st.text(max_size=6), JSON, max_size=4) | JSON)
def test_random_payloads(event_type: str, payload: Any) -> None:
    message = {"event_type": event_type.strip(), "message_id": "m", "timestamp": AT, "payload": payload}
    raw = json.dumps(message).encode()
    try:
        parsed = PARSER.parse_message("c", raw)
    except InvalidMessage:
        return
    assert parsed.message_id == "m"
