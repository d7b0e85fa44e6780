"""Events of polled samples (`usage.sampled`), one per value.

The message id is derived from the sample, so that a sample that is polled again is a duplicate. If the cloud reports
another value later, that is a new event with the next version in its id. Of two events at the same time the one with
the higher id counts, so the last value replaces the earlier ones.
"""

import hashlib
from collections.abc import Mapping
from decimal import Decimal

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.parsing.payload_values import shorten_id
from stratiform.services.ingest.parsing.usage_events import SAMPLED
from stratiform.services.ledger.model import MeterFormat, Resource

_DIGEST_LENGTH = 40


def build_sample_id(resource_type: str, meter: str, source: str, at: Micros) -> str:
    """Return the id of a sample, without a version."""
    key = "\0".join((resource_type, meter, source, str(at)))
    return f"poll-{hashlib.sha256(key.encode()).hexdigest()[:_DIGEST_LENGTH]}"


def build_message_id(id_: str, version: int) -> str:
    """Return the message id of a version of a sample; the first version is 0."""
    return f"{id_}-{version:04d}"


def build_sample_event(
    message_id: str,
    at: Micros,
    resource: Resource,
    meter: str,
    value: Decimal,
    meter_format: MeterFormat,
    *,
    source: str,
    owner: Mapping[str, str],
) -> Event:
    """Return the event of a sample. `owner` may have `project_id` and `name`."""
    hold = {"hold": meter_format.hold // SECOND_US} if meter_format.kind == "gauge" else {}
    return Event(
        message_id=message_id,
        event_type=SAMPLED,
        publisher_id=f"poll.{resource.cloud}",
        at=at,
        cloud=resource.cloud,
        payload={
            "resource_type": resource.resource_type,
            "resource_id": shorten_id(resource.resource_id),
            "source": shorten_id(source),
            "samples": {
                meter: {"value": str(value), "kind": meter_format.kind, "unit": meter_format.unit, **hold},
            },
            **owner,
        },
    )
