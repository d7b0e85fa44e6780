"""What `/api/v1/usage/events` takes, as its description has it. What is read of it: `services/ingest/events`.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/cloudevents.json
"""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from stratiform.interfaces.rest.description import JSON, OBJECT, Shape, Taken

#: More in one request would hold the ledger for too long.
MOST = 10_000

SINGLE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"

_Text = Annotated[str, Meta(min_length=1)]
_Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$", description="Such as gpu.")]


class Parent(msgspec.Struct):
    """What a resource is part of: it ends with that."""

    resource_type: _Text
    resource_id: _Text


class SampleTold(msgspec.Struct):
    """A meter's value and, where no meter file says it, how it is counted. `hold`: for so many seconds a gauge's value
    holds, at most."""

    value: str | int | float
    kind: Literal["delta", "cumulative", "gauge"] | UnsetType = UNSET
    unit: str | UnsetType = UNSET
    hold: int | UnsetType = UNSET


class UsageTold(msgspec.Struct, forbid_unknown_fields=True):
    """The data of `usage.started` (with `project_id`), `usage.changed`, `usage.ended` and `usage.sampled` (with
    `samples`)."""

    resource_type: _Name
    resource_id: _Text
    project_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    attributes: dict[str, str | int | float | bool | None] | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET
    parent: Parent | UnsetType = UNSET
    samples: dict[str, SampleTold | str | int | float] | UnsetType = UNSET
    source: str | UnsetType = UNSET


_DATA: Shape = {
    "description": "Of our own types `UsageTold`; of any other, the payload as meter files read it.",
    "anyOf": [UsageTold, OBJECT],
}
_LONG: Shape = {"type": "string", "minLength": 1, "maxLength": 1024}

EVENT: Shape = {
    "title": "CloudEvent",
    "description": "A CloudEvent 1.0. `source` and `id` make it: the same again changes nothing.",
    "type": "object",
    "required": ["specversion", "id", "source", "type", "time"],
    "properties": {
        "specversion": {"type": "string", "const": "1.0"},
        "id": _LONG,
        "source": _LONG,
        "type": {"type": "string", "minLength": 1, "description": "usage.started, usage.changed, usage.ended, …"},
        "time": {"type": "string", "format": "date-time"},
        "cloud": {"type": "string", "maxLength": 64, "description": "Name of the cloud it speaks of."},
        "data": _DATA,
        "data_base64": {"type": "string", "description": "Instead of `data`: the same as JSON in base64."},
    },
}

#: One, many, or in binary mode the data of one.
SENT = Taken(
    {SINGLE: EVENT, BATCH: {"type": "array", "items": EVENT, "maxItems": MOST}, JSON: _DATA},
    "CloudEvents: one, an array, or in binary mode the data of one, whose attributes are headers, percent-encoded.",
    {
        f"ce-{name}": f"In binary mode: `{name}` of the event."
        for name in ("specversion", "id", "source", "type", "time", "cloud")
    },
)
