"""Meters, and polls of clouds."""

from typing import Annotated

from msgspec import Meta, Struct

from stratiform.interfaces.rest.schemas.common import RequestBody

PollId = Annotated[str, Meta(description="ID of the poll.")]


class SampleDefinition(Struct):
    name: str
    kind: str
    unit: str
    title: str
    hold_s: int


class Meter(Struct):
    """A meter file. `name` is the resource type in the ledger."""

    name: str
    title: str
    unit: str
    source: str
    about: str
    events: Annotated[list[str], Meta(description="Event types that the meter reads.")]
    attributes: list[str]
    samples: list[SampleDefinition]


class Meters(Struct):
    meters: list[Meter]


class Poll(Struct):
    """A meter that is read from a cloud. `fault` and `failures` are those since it was last read."""

    id: str
    cloud: str
    resource_type: str
    meter: str
    read_until: str
    polled_at: str | None
    fault: str | None
    failures: int


class Polls(Struct):
    polls: list[Poll]


class PollRewind(RequestBody):
    since: Annotated[str, Meta(description="Timestamp from which the meter is read again.")]
