"""CloudEvents and their results. The parser is `services/ingest/parsing/cloudevents.py`.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/cloudevents.json
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from stratiform.interfaces.endpoints.media_types import JSON, OBJECT, Schema
from stratiform.interfaces.rest.schemas.late_usage import CausedLateUsage

#: Events in one request; more would lock the ledger for too long.
MAX_EVENTS = 10_000

SINGLE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"

Text = Annotated[str, Meta(min_length=1)]
ResourceType = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$", description="Such as `gpu`.")]


class EventQuery(Struct):
    cloud: Annotated[str, Meta(description="Cloud of events that do not specify one.")] = "openstack"


class EventHeaders(Struct, rename=lambda name: f"ce-{name}"):
    """The attributes of an event in binary mode, percent-encoded."""

    specversion: Annotated[str | None, Meta(description="Binary mode: version of CloudEvents.")] = None
    id: Annotated[str | None, Meta(description="Binary mode: `id` of the event.")] = None
    source: Annotated[str | None, Meta(description="Binary mode: `source` of the event.")] = None
    type: Annotated[str | None, Meta(description="Binary mode: `type` of the event.")] = None
    time: Annotated[str | None, Meta(description="Binary mode: `time` of the event.")] = None
    cloud: Annotated[str | None, Meta(description="Binary mode: cloud of the event.")] = None


class Parent(Struct):
    """A resource that this one belongs to and cannot outlive."""

    resource_type: Text
    resource_id: Text


class SampleValue(Struct):
    """A value of a meter; `kind` and `unit` if no meter file has them. `hold`: seconds for which a gauge is valid."""

    value: str | int | float
    kind: Literal["delta", "cumulative", "gauge"] | UnsetType = UNSET
    unit: str | UnsetType = UNSET
    hold: int | UnsetType = UNSET


class UsageData(Struct, forbid_unknown_fields=True):
    """The data of `usage.started` (with `project_id`), `usage.changed`, `usage.ended` and `usage.sampled` (with
    `samples`)."""

    resource_type: ResourceType
    resource_id: Text
    project_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    attributes: dict[str, str | int | float | bool | None] | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET
    parent: Parent | UnsetType = UNSET
    samples: dict[str, SampleValue | str | int | float] | UnsetType = UNSET
    source: str | UnsetType = UNSET


_DATA: Schema = {
    "description": "`UsageData` for the types `usage.…`; for other types the payload that meter files read.",
    "anyOf": [UsageData, OBJECT],
}
_IDENTIFIER: Schema = {"type": "string", "minLength": 1, "maxLength": 1024}

_EVENT: Schema = {
    "title": "CloudEvent",
    "description": "A CloudEvent 1.0. `source` and `id` identify it: an event that is sent again is a duplicate.",
    "type": "object",
    "required": ["specversion", "id", "source", "type", "time"],
    "properties": {
        "specversion": {"type": "string", "const": "1.0"},
        "id": _IDENTIFIER,
        "source": _IDENTIFIER,
        "type": {"type": "string", "minLength": 1, "description": "`usage.started`, `usage.changed`, …"},
        "time": {"type": "string", "format": "date-time"},
        "cloud": {"type": "string", "maxLength": 64, "description": "Name of the cloud."},
        "data": _DATA,
        "data_base64": {"type": "string", "description": "Instead of `data`: JSON in base64."},
    },
}

#: A single event, a batch, or in binary mode the data of an event.
EVENT_CONTENT: dict[str, Schema] = {
    SINGLE: _EVENT,
    BATCH: {"type": "array", "items": _EVENT, "maxItems": MAX_EVENTS},
    JSON: _DATA,
}


class EventResult(Struct):
    """The result of one event, by its index in the request. `message_id` is its ID in the ledger."""

    index: int
    outcome: Literal["ingested", "duplicate", "ignored", "rejected"]
    message_id: str
    reason: str


class EventResults(Struct):
    """The number of events with each outcome, and the result of each event."""

    ingested: int
    duplicates: int
    ignored: int
    rejected: int
    events: list[EventResult]
    late_usage: CausedLateUsage = UNSET
