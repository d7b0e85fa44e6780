"""CloudEvents about boxes, as a test sends them to `/api/v1/usage/events`."""

from typing import Any

from stratiform.kit.clock import DAY_US, format_iso, parse_iso

T0 = parse_iso("2026-01-01T00:00:00Z")
BATCH = "application/cloudevents-batch+json"
SINGLE = "application/cloudevents+json"


def event(number: int, event_type: str = "usage.started", day: float = 0, **data: Any) -> dict[str, Any]:
    fields = {"resource_type": "box", "resource_id": f"b{number:03}"} | data
    at = format_iso(T0 + int(day * DAY_US))
    return {
        "specversion": "1.0",
        "id": f"{number}-{day}",
        "source": "/t",
        "type": event_type,
        "time": at,
        "data": fields,
    }
