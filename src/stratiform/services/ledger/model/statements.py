"""What is said of a resource: by a message, or by staff against the messages."""

from decimal import Decimal
from typing import Any

import msgspec

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.meters import Meter
from stratiform.services.ledger.model.resources import Resource

#: The suffix of event types that state which resources exist, at the end of each audit period.
EXISTS_SUFFIX = ".exists"


class Correction(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What staff says against the messages; it outranks them all, and a later correction outranks an earlier one.

    `start`, `end`: when use began and ended; `reopened`: it hasn't ended. In the window `[since, until)` (None:
    without that limit) it was used by `project_id`, in `state`, with `attributes` (None takes one away), or, if
    `absent`, not at all. `reopened` refutes the ends up to its own instant: what messages tell of a later one counts.
    `revokes`: the message id of an earlier correction of the same resource that is taken back. `told`: whatever else
    its event says counts as a message's word does, so that later messages go on from it.
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
    attributes: dict[str, Any] = {}
    absent: bool = False
    revokes: str | None = None
    told: bool = False


class Statement(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one event says of its resource at the instant `at`. None, and a missing attribute: it doesn't say.

    `launched`: when use began. `terminated`: when it ended; `deleted`: when the row went, which counts where
    nothing says `terminated`. `gone`: it is no more by now, which counts where nothing says when. `tags`: all of the
    customer's own labels. `parent`: type and id of the resource, in the same cloud, with which this one ends.
    `samples`: values of meters, by name; `meters`: how each of these is counted; `source`: which of several counters of
    the resource they were read from. `audited`: the period that a message on what exists speaks of.
    """

    at: Micros
    message_id: str
    project_id: str | None = None
    name: str | None = None
    state: str | None = None
    launched: Micros | None = None
    terminated: Micros | None = None
    deleted: Micros | None = None
    gone: bool = False
    attributes: dict[str, Any] = {}
    tags: dict[str, str] | None = None
    parent: tuple[str, str] | None = None
    samples: dict[str, Decimal] = {}
    meters: dict[str, Meter] = {}
    source: str = ""
    audited: tuple[Micros, Micros] | None = None
    correction: Correction | None = None

    @property
    def place(self) -> tuple[Micros, str]:
        """Where it stands in the order of all that is said."""
        return self.at, self.message_id


class ResourceStatement(msgspec.Struct, frozen=True):
    """A statement with the resource and the event it comes from."""

    resource: Resource
    event_type: str
    publisher_id: str
    statement: Statement
