"""What was read from a cloud that was asked, as an event of its own for each value (`usage.sampled`).

The id of such an event follows from what was read: read again it is the same event. Where a cloud says something else
of the same instant later, that is a new event, which counts in place of the one before: of two at one instant the
higher id does, and an id ends with the number of times that the cloud changed its mind.
"""

import hashlib
from collections.abc import Mapping
from decimal import Decimal

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.events.cloud_events import SAMPLED
from stratiform.services.ingest.events.values import fitting
from stratiform.services.ledger.model import MeterFormat, Resource

_DIGEST_CHARS = 40


def id_of(resource_type: str, meter: str, source: str, at: Micros) -> str:
    """What names a reading for ever, without the number of the change."""
    told = "\0".join((resource_type, meter, source, str(at)))
    return f"poll-{hashlib.sha256(told.encode()).hexdigest()[:_DIGEST_CHARS]}"


def changed(reading_id: str, times: int) -> str:
    """The id of the event that tells of a reading for the first time, or after so many changes."""
    return f"{reading_id}-{times:04d}"


def event_of(
    message_id: str,
    at: Micros,
    resource: Resource,
    meter: str,
    value: Decimal,
    how: MeterFormat,
    *,
    source: str,
    owner: Mapping[str, str],
) -> Event:
    """`owner` has `project_id` and `name` where the reading tells them."""
    hold = {"hold": how.hold // SECOND_US} if how.kind == "gauge" else {}
    return Event(
        message_id=message_id,
        event_type=SAMPLED,
        publisher_id=f"poll.{resource.cloud}",
        at=at,
        cloud=resource.cloud,
        payload={
            "resource_type": resource.resource_type,
            "resource_id": fitting(resource.resource_id),
            "source": fitting(source),
            "samples": {meter: {"value": str(value), "kind": how.kind, "unit": how.unit, **hold}},
            **owner,
        },
    )
