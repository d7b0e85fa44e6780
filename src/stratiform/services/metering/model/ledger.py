"""Segments, the resources they are of, and what a reader may ask for."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from stratiform.kit.clock import Micros
from stratiform.kit.errors import Invalid
from stratiform.services.metering.model.statement import Statement


class Resource(NamedTuple):
    """Whose usage it is. The same id in two clouds is two resources."""

    cloud: str
    resource_type: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch `[start, end)` of use (microseconds UTC; `end` None: it goes on) with the same owner, state and
    attributes. `name` is the resource's last known name; it is no part of the price and splits nothing."""

    cloud: str
    resource_type: str
    resource_id: str
    project_id: str
    start: Micros
    end: Micros | None
    state: str
    attributes: dict[str, Any]
    name: str = ""

    @property
    def resource(self) -> Resource:
        return Resource(self.cloud, self.resource_type, self.resource_id)


class Fact(msgspec.Struct, frozen=True):
    """What one event says of one resource, as the ledger keeps it."""

    resource: Resource
    event_type: str
    publisher_id: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class Filter:
    """Which segments are asked for; None asks for any. `since` and `until`: those that touch `[since, until)`.

    `as_of` is a position of the ledger: what was known when it stood there. `tag`: a label, key and value, that was
    told of the resource last.
    """

    cloud: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    project_id: str | None = None
    since: Micros | None = None
    until: Micros | None = None
    as_of: int | None = None
    tag: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of messages: new to the ledger, there already, of no concern to it, kept aside."""

    accepted: int = 0
    repeated: int = 0
    ignored: int = 0
    rejected: int = 0

    def __add__(self, other: "Ingested") -> "Ingested":
        return Ingested(
            self.accepted + other.accepted,
            self.repeated + other.repeated,
            self.ignored + other.ignored,
            self.rejected + other.rejected,
        )


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message kept aside, as it came. `id` is the SHA-256 of cloud and body, so the same one is kept once."""

    id: str
    cloud: str
    reason: str
    received_at: Micros
    body: bytes


class Row(NamedTuple):
    """A segment as it is listed, where there are many: `attributes` is the text of a JSON object with its keys in
    order."""

    resource_type: str
    resource_id: str
    name: str
    project_id: str
    cloud: str
    start: Micros
    end: Micros | None
    state: str
    attributes: str


#: Where a segment stands in a list: what lists are ordered by.
Place = tuple[str, str, str, Micros]


def cursor_of(segment: Segment | Row) -> str:
    """An opaque text for the place of `segment`; it stays good while the ledger grows."""
    place = (segment.resource_type, segment.resource_id, segment.cloud, segment.start)
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def place_of(cursor: str) -> Place:
    """Raises Invalid where `cursor` is none of ours."""
    try:
        place: Place = msgspec.json.decode(base64.urlsafe_b64decode(cursor.encode()), type=Place)
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError) as error:
        raise Invalid("marker not understood", hint="use the 'next' of the page before") from error
    return place
