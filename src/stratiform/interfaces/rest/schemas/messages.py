"""Notifications, rejected messages and ignored messages."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, field

from stratiform.interfaces.rest.schemas.late_usage import CausedLateUsage
from stratiform.interfaces.rest.schemas.usage import Position

MessageId = Annotated[str, Meta(description="ID of the message, or a unique prefix of it.")]


class NotificationQuery(Struct):
    cloud: Annotated[str, Meta(description="Name of the cloud that sent the notifications.")] = "openstack"


class IngestResult(Struct):
    """The number of messages with each outcome."""

    ingested: int
    duplicates: int
    ignored: int
    rejected: int
    late_usage: CausedLateUsage = UNSET


class RejectedMessage(Struct):
    """A message that could not be ingested, as it was received."""

    id: str
    cloud: str
    reason: str
    received_at: str
    body: str


class RejectedMessagePage(Struct):
    rejected: list[RejectedMessage]
    next: str | None


class RejectedDeleteQuery(Struct):
    """Which messages are deleted: those that match both `cloud` and `reason`, if both are given; or `all`."""

    cloud: Annotated[str | None, Meta(description="Name of the cloud.")] = None
    reason: Annotated[str | None, Meta(description="Prefix of the reason.")] = None
    is_all: Annotated[bool, Meta(description="`true`, without other parameters: all messages.")] = field(
        name="all", default=False
    )


class DeletedCount(Struct):
    deleted: int


class IgnoredMessageType(Struct):
    """The number of ignored messages of one event type.

    `reason`: why a meter file ignores the type, or empty. `is_metered`: a meter file has a rule for the type now.
    """

    cloud: str
    event_type: str
    count: int
    first_at: str
    last_at: str
    reason: str
    is_metered: bool


class IgnoredMessageQuery(Struct):
    is_undecided: Annotated[
        bool, Meta(description="Only types for which neither a reason to ignore them nor a meter is defined.")
    ] = field(name="undecided", default=False)


class IgnoredMessageTypes(Struct):
    ignored: list[IgnoredMessageType]


class ReplayQuery(Struct):
    after: Annotated[Position, Meta(description="`next` of the previous response.")] = 0


class ReplayResult(IngestResult, kw_only=True):
    """`next`: value of `after` for the next request, null at the end."""

    next: int | None
