"""Statements: what an event asserts about a resource, or an operator against the events."""

from decimal import Decimal

import msgspec

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.meter_formats import MeterFormat
from stratiform.services.ledger.model.resources import Resource

#: Time, order at this time, and message id.
Rank = tuple[Micros, int, str]

#: Begins the IDs that ingest derives from the content of messages without an ID of their own.
CONTENT_ID_PREFIX = "sha256:"

#: The suffix of event types that state which resources exist, at the end of each audit period.
EXISTS_SUFFIX = ".exists"


class Correction(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename={"has_observation": "told"},
):
    """A correction by an operator. It outranks all messages and all earlier corrections.

    `start`, `end`: when use began and ended. `reopened`: use has not ended; this refutes the ends before the
    correction, not those that messages state later. In the window `[since, until)` (None: unlimited) the resource was
    used by `project_id`, in `state`, with `attributes` (None removes one), or not at all if `absent`. `revokes`: the
    message id of an earlier correction of the resource. `has_observation`: the rest of the statement counts as that of
    a message.
    """

    author: str
    reason: str
    start: Micros | None = None
    end: Micros | None = None
    reopened: bool = False
    since: Micros | None = None
    until: Micros | None = None
    project_id: str | None = None
    state: str | None = None
    attributes: dict[str, object] = {}
    absent: bool = False
    revokes: str | None = None
    has_observation: bool = False


class Statement(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,  # it has no reference cycles
    rename={
        "launched_at": "launched",
        "terminated_at": "terminated",
        "deleted_at": "deleted",
        "is_deleted": "gone",
        "audit_period": "audited",
        "repeated_at": "repeated",
    },
):
    """The assertions of an event about its resource at the instant `at`. None and missing attributes mean "unchanged".

    `deleted_at` is the time at which the database row was deleted, which applies if there is no `terminated_at`.
    `is_deleted`: the resource is deleted at `at`, which applies without another end. `tags`: all tags of the customer.
    `parent`: type and id of the resource in the same cloud with which this one ends. `samples`: values of meters, whose
    formats are in `meters`; `source` is the counter from which they were read. `audit_period`: the period of an
    `.exists` event. `repeated_at`: the event was published again at this time, and `at` is a time before the original.
    `order` ranks statements of the same instant.
    """

    at: Micros
    message_id: str
    project_id: str | None = None
    name: str | None = None
    state: str | None = None
    launched_at: Micros | None = None
    terminated_at: Micros | None = None
    deleted_at: Micros | None = None
    is_deleted: bool = False
    attributes: dict[str, object] = {}
    tags: dict[str, str] | None = None
    parent: tuple[str, str] | None = None
    samples: dict[str, Decimal] = {}
    meters: dict[str, MeterFormat] = {}
    source: str = ""
    audit_period: tuple[Micros, Micros] | None = None
    correction: Correction | None = None
    repeated_at: Micros | None = None
    order: int = 0


def get_rank(statement: Statement) -> Rank:
    """Return the order of a statement: a later one outranks an earlier one.

    Statements of messages without an ID of their own have the same rank; they are in the order of their arrival.
    """
    message_id = statement.message_id
    return statement.at, statement.order, "" if message_id.startswith(CONTENT_ID_PREFIX) else message_id


class ResourceStatement(msgspec.Struct, frozen=True, gc=False):
    """A statement with the resource and the event it comes from."""

    resource: Resource
    event_type: str
    publisher_id: str
    statement: Statement
